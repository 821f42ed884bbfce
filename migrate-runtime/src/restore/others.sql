SELECT a.pid, a.application_name, a.usename,
       -- Hidden, as the sort of process is, from a role that is not allowed to see more.
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.backend_start)::bigint,
       a.datid
FROM pg_catalog.pg_stat_activity a
WHERE a.datid IN ({databases}) AND a.pid <> pg_catalog.pg_backend_pid()
  -- These end by themselves for whoever needs the database.
  AND NOT COALESCE(a.backend_type IN ('autovacuum worker', 'parallel worker'), a.usesysid IS NULL)
ORDER BY a.backend_start, a.pid
