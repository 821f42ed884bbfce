WITH locked AS (
    SELECT l.pid, pg_catalog.array_to_string((pg_catalog.array_agg(DISTINCT c.oid::pg_catalog.regclass::text))[1:3], ', ') AS tables,
           pg_catalog.max(pg_catalog.array_position('{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,
               ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[], l.mode)) AS strength
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
    WHERE l.locktype = 'relation' AND l.granted AND c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    GROUP BY l.pid
)
SELECT a.pid, COALESCE(NULLIF(a.application_name, ''), NULLIF(a.backend_type, 'client backend')), a.usename, a.state,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint,
       {statement},
       COALESCE(a.wait_event_type = 'Lock', false),
       it.strength, it.tables, a.backend_type = 'autovacuum worker'
FROM pg_catalog.pg_stat_activity a LEFT JOIN locked it ON it.pid = a.pid
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  -- A worker of a query ends with it, and autovacuum gives way, unless it prevents a wraparound.
  AND a.leader_pid IS NULL
  AND (a.backend_type IS DISTINCT FROM 'autovacuum worker' OR a.query LIKE '%(to prevent wraparound)')
  AND (pg_catalog.clock_timestamp() - a.xact_start >= {long} * interval '1 s'
       -- It stands in the way of changes to its table however young it is; what has no user gives way.
       OR it.strength >= 5 OR it.strength = 4 AND (a.usesysid IS NOT NULL OR a.query LIKE '%(to prevent wraparound)'))
ORDER BY a.xact_start, a.pid;
SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND query = '<insufficient privilege>';
SELECT gid, owner, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - prepared)::bigint
FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY prepared, gid
