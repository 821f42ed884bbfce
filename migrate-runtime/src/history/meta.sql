SELECT pg_catalog.string_agg(key || ':' || pg_catalog.encode(pg_catalog.convert_to(
           CASE key WHEN 'schema' THEN pg_catalog.concat_ws(' ', value ->> 'fingerprint', value ->> 'history', value ->> 'server', value ->> 'reader', value ->> 'run', value ->> 'at')
           ELSE value #>> ARRAY[]::text[] END, 'UTF8'), 'hex'), ',') AS value
FROM {schema}._migrations_meta WHERE key IN ('layout', 'environment', 'protected', 'schema')
