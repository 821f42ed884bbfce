UPDATE {schema}._migrations_progress SET cursor = COALESCE(cursor, '{}') || '{"failed": true}', updated_at = pg_catalog.clock_timestamp()
WHERE version = {version} AND direction = {direction}
