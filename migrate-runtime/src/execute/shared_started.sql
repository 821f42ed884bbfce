pg_catalog.to_timestamp(COALESCE(
    NULLIF(pg_catalog.current_setting('migrate.t0', true), '')::pg_catalog.float8,
    pg_catalog.date_part('epoch', pg_catalog.now())))
