SELECT pg_catalog.encode(pg_catalog.convert_to(key || ' ' || (value #>> ARRAY[]::text[]), 'UTF8'), 'hex') AS value
FROM {schema}._migrations_meta WHERE key <> 'schema_objects'
