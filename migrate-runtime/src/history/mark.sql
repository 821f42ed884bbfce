INSERT INTO {schema}._migrations_meta (key, value)
SELECT key, value FROM (VALUES ('environment', pg_catalog.to_jsonb({environment}::text)), ('protected', {protected}::jsonb)) AS mark (key, value)
WHERE NOT EXISTS (SELECT FROM {schema}._migrations_meta WHERE key = 'environment')
