
    WHEN pg_catalog.current_setting('migrate.done', true) IS DISTINCT FROM {before} THEN 'MG006: the migration before it is not done'
