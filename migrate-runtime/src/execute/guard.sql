DO ${tag}$ BEGIN
    IF pg_catalog.pg_backend_pid() <> {pid} OR NOT {held} THEN
        RAISE EXCEPTION USING ERRCODE = 'MG001', MESSAGE = 'this session does not hold the lock of the migrations';
    END IF;
    IF NOT pg_catalog.pg_try_advisory_xact_lock({key}, 2) THEN
        RAISE EXCEPTION USING ERRCODE = 'MG002', MESSAGE = 'another runner is inside a migration';
    END IF;{before}
    IF {already} THEN
        RAISE EXCEPTION USING ERRCODE = 'MG003', MESSAGE = 'the history already says so';
    END IF;
    PERFORM pg_catalog.set_config('migrate.t0', EXTRACT(epoch FROM pg_catalog.clock_timestamp())::text, true);
END ${tag}$
