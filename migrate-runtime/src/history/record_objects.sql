INSERT INTO {schema}._migrations_meta (key, value) VALUES ('schema_objects', E'{objects}'::jsonb)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
