SELECT l.pid, a.application_name, a.usename, a.client_addr,
       pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - a.backend_start), a.state
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = '{classid}'::pg_catalog.oid AND l.objid = 1 AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
