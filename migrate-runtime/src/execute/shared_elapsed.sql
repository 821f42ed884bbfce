GREATEST(0, (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) - COALESCE(
    NULLIF(pg_catalog.current_setting('migrate.t0', true), '')::pg_catalog.float8,
    pg_catalog.date_part('epoch', pg_catalog.now()))) * 1000)::integer
