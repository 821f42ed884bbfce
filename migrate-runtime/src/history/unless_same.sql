(SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(
            pg_catalog.concat_ws(E'\x1f', id, version, name, checksum, execution_time,
                pg_catalog.encode(pg_catalog.float8send(pg_catalog.date_part('epoch', applied_at)), 'hex')),
            E'\x1e' ORDER BY id), 'UTF8')), 'hex') = '{checksum}' AS same
 FROM {schema}._migrations) k LEFT JOIN {schema}._migrations m ON k.same IS NOT TRUE
