SELECT pg_catalog.set_config('lock_timeout',
    COALESCE(NULLIF(pg_catalog.current_setting('migrate.lock_timeout', true), ''), {default}), false)
