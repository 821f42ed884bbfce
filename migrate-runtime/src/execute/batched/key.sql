SELECT e.value
FROM {schema}._migrations_progress p, pg_catalog.jsonb_array_elements_text(p.cursor #> {path}) WITH ORDINALITY AS e (value, n)
WHERE p.version = {version} AND p.direction = {direction}
ORDER BY e.n
