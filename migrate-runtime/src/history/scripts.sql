SELECT s.version, s.down_sql, s.down_checksum, s.mode,
       s.statements #>> '{directives,lock_timeout_ms}', s.statements #>> '{directives,statement_timeout_ms}',
       s.statements #>> '{directives,irreversible}',
       (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', t ->> 'start', t ->> 'end', t ->> 'line', t ->> 'kind', t ->> 'manner'), ',' ORDER BY n)
        FROM pg_catalog.jsonb_array_elements(s.statements -> 'statements') WITH ORDINALITY AS e (t, n))
FROM {schema}._migrations_script s
WHERE {which}
