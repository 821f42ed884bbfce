INSERT INTO {schema}._migrations_meta (key, value)
VALUES ('schema', pg_catalog.jsonb_build_object(
    'fingerprint', {fingerprint}::text, 'history', {history}::text, 'server', {server}, 'reader', {reader}, 'run', {run}::text,
    'stamp', {stamp}::text,
    'at', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
ON CONFLICT (key) DO UPDATE SET value = excluded.value
