SELECT pg_catalog.set_config(it.key, it.value, false)
FROM {schema}._migrations_progress p, pg_catalog.jsonb_each_text(p.cursor -> 'settings') AS it
WHERE p.version = {version} AND p.direction = {direction}
