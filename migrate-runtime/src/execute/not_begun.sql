UPDATE {schema}._migrations_progress SET cursor = COALESCE(cursor, '{}') || '{"alone": false}', updated_at = pg_catalog.clock_timestamp()
WHERE version = {version} AND direction = {direction}
