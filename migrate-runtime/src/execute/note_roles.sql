SELECT pg_catalog.set_config('migrate.user', pg_catalog.current_setting('session_authorization'), true),
       pg_catalog.set_config('migrate.role', pg_catalog.current_setting('role'), true)
