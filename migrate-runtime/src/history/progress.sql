SELECT pg_catalog.encode(pg_catalog.convert_to(pg_catalog.string_agg(pg_catalog.concat_ws(E'\x1f',
    version, direction, statement, statement_checksum, run,
    COALESCE(pg_catalog.encode(pg_catalog.convert_to(cursor ->> 'sql', 'UTF8'), 'hex'), ''),
    COALESCE(cursor ->> 'alone', ''), COALESCE(cursor ->> 'failed', ''), COALESCE(cursor ->> 'done', ''),
    COALESCE(cursor #>> '{batch,rows}', ''), COALESCE(cursor #>> '{batch,total}', ''), COALESCE(cursor #>> '{batch,batches}', ''),
    COALESCE(cursor ->> 'half', '')), E'\x1e' ORDER BY version), 'UTF8'), 'hex') AS value
FROM {schema}._migrations_progress
