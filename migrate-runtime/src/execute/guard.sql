DO ${tag}$ BEGIN
    IF pg_catalog.pg_backend_pid() <> {pid} OR NOT EXISTS (SELECT FROM pg_catalog.pg_locks
            WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND classid = '{classid}'::pg_catalog.oid
              AND objid = 1 AND objsubid = 2 AND granted
              AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) THEN
        RAISE EXCEPTION USING ERRCODE = 'MG001', MESSAGE = 'this session does not hold the lock of the migrations';
    END IF;
    IF NOT pg_catalog.pg_try_advisory_xact_lock({key}, 2) THEN
        RAISE EXCEPTION USING ERRCODE = 'MG002', MESSAGE = 'another runner is inside a migration';
    END IF;
    IF {already} THEN
        RAISE EXCEPTION USING ERRCODE = 'MG003', MESSAGE = 'the history already says so';
    END IF;
    PERFORM pg_catalog.set_config('migrate.t0', EXTRACT(epoch FROM pg_catalog.clock_timestamp())::text, true);
END ${tag}$
