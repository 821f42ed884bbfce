SELECT pg_catalog.set_config('migrate.prepared', COALESCE((
    SELECT pg_catalog.jsonb_object_agg(name, pg_catalog.current_setting(name)) FROM pg_catalog.pg_settings
    WHERE source = 'session'), '{}')::text, false)
