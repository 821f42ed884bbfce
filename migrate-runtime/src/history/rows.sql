SELECT id, version, name, checksum, execution_time,
       CASE WHEN pg_catalog.isfinite(applied_at) THEN (EXTRACT(epoch FROM applied_at) * 1000000)::bigint END
FROM {schema}._migrations ORDER BY id
