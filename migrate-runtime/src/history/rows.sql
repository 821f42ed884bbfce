SELECT id, version, name, checksum, execution_time,
       CASE WHEN pg_catalog.isfinite(applied_at) THEN (pg_catalog.date_part('epoch', applied_at) * 1000000)::bigint END
FROM {schema}._migrations ORDER BY id
