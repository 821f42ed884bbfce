SELECT id, version, name, checksum, execution_time, pg_catalog.encode(pg_catalog.timestamptz_send(applied_at), 'hex')
FROM {schema}._migrations ORDER BY id
