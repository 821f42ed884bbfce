DO ${tag}$ BEGIN
    IF NOT {held} THEN
        RAISE EXCEPTION USING ERRCODE = 'MG004', MESSAGE = 'the script gave the lock back';
    END IF;
    IF pg_catalog.current_setting('migrate.t0', true) <> '' THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND classid = '{classid}'::pg_catalog.oid
          AND objid = 2 AND objsubid = 2 AND granted) THEN
        RAISE EXCEPTION USING ERRCODE = 'MG004', MESSAGE = 'the script ended the transaction';
    END IF;
END ${tag}$
