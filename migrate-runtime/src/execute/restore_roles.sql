SELECT pg_catalog.quote_literal(p.cursor ->> 'user'), pg_catalog.quote_literal(p.cursor ->> 'role')
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction}
