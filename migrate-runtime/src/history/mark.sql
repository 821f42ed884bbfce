INSERT INTO {schema}._migrations_meta AS noted (key, value)
SELECT key, value FROM (VALUES ('environment', pg_catalog.to_jsonb({environment}::text)), ('protected', {protected}::jsonb)) AS mark (key, value)
-- Protection is added, and never taken away.
WHERE {rises} OR NOT EXISTS (SELECT FROM {schema}._migrations_meta WHERE key = 'environment')
ON CONFLICT (key) DO UPDATE SET value = excluded.value
