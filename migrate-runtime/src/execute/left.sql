DO ${tag}$ BEGIN
    IF (SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks
        WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND classid = '{classid}'::pg_catalog.oid
          AND objid IN (1, 2) AND objsubid = 2 AND granted) <> 2 THEN
        RAISE EXCEPTION USING ERRCODE = 'MG004', MESSAGE = 'the script ended the transaction or gave the lock back';
    END IF;
END ${tag}$
