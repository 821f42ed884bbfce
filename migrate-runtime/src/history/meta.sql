SELECT pg_catalog.string_agg(key || ':' || pg_catalog.encode(pg_catalog.convert_to(value #>> ARRAY[]::text[], 'UTF8'), 'hex'), ',') AS value
FROM {schema}._migrations_meta WHERE key IN ('layout', 'environment', 'protected')
