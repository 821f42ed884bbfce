GREATEST(0, (EXTRACT(epoch FROM pg_catalog.clock_timestamp())::float8 - COALESCE(
    NULLIF(pg_catalog.current_setting('migrate.t0', true), '')::float8,
    EXTRACT(epoch FROM pg_catalog.now())::float8)) * 1000)::integer
