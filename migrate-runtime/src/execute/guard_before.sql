
    IF pg_catalog.current_setting('migrate.done', true) IS DISTINCT FROM {before} THEN
        RAISE EXCEPTION USING ERRCODE = 'MG006', MESSAGE = 'the migration before it is not done';
    END IF;
