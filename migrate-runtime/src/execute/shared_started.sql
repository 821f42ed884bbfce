pg_catalog.to_timestamp(COALESCE(
    NULLIF(pg_catalog.current_setting('migrate.t0', true), '')::float8,
    EXTRACT(epoch FROM pg_catalog.now())::float8))
