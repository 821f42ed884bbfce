SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
       (SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND l.mode = 'ShareUpdateExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() LIMIT 1),
       -- Somebody builds an index on that table: which one, not every role may see.
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_locks l ON l.pid = p.pid
               WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted
                 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relkind = 'i' AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
ORDER BY 1
