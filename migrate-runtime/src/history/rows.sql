SELECT id, version, name, checksum, execution_time,
       pg_catalog.encode(pg_catalog.float8send(pg_catalog.date_part('epoch', applied_at)), 'hex')
FROM {schema}._migrations ORDER BY id
