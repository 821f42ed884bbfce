SELECT p.cursor ? 'settings', pg_catalog.jsonb_typeof(p.cursor -> 'before') = 'object', p.cursor ->> 'lost'
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction}
