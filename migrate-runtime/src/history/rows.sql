SELECT m.id, m.version, m.name, m.checksum, m.execution_time,
       pg_catalog.encode(pg_catalog.float8send(pg_catalog.date_part('epoch', m.applied_at)), 'hex'){same}
FROM {from} ORDER BY m.id
