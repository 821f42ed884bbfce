SELECT value::text AS value FROM {schema}._migrations_meta WHERE key = 'layout'
