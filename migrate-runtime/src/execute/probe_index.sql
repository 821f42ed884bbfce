SELECT i.indexrelid::text = p.cursor #>> '{before,index}', i.indisvalid,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       (SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() LIMIT 1)
FROM {schema}._migrations_progress p
JOIN pg_catalog.pg_index i ON i.indrelid = (p.cursor #>> '{before,table}')::pg_catalog.oid
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relname = (pg_catalog.parse_ident({index}))[1]::pg_catalog.name
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.version = {version} AND p.direction = {direction}
