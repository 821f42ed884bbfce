WITH related AS (
{related}
), conflict AS (
    -- The manual's table of conflicting modes, the weakest first; a bit for each.
    SELECT pg_catalog.unnest(ARRAY[128, 192, 240, 248, 236, 252, 254, 255]) AS with_modes,
           pg_catalog.generate_series(1, 8) AS strength
), locked AS (
    SELECT l.pid, l.virtualtransaction, pg_catalog.string_agg(DISTINCT l.relation::pg_catalog.regclass::text, E'\n') AS tables
    FROM pg_catalog.pg_locks l
    JOIN related ON related.oid = l.relation
    JOIN conflict ON conflict.strength = related.strength
    WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND conflict.with_modes & (1 << (pg_catalog.array_position('{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,
              ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'::text[], l.mode) - 1)) <> 0
    GROUP BY l.pid, l.virtualtransaction
)
SELECT COALESCE(a.pid, it.pid), COALESCE(NULLIF(a.application_name, ''), NULLIF(a.backend_type, 'client backend')), a.usename, a.state,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint, it.tables
FROM locked it
FULL JOIN (SELECT * FROM pg_catalog.pg_stat_activity
           WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND leader_pid IS NULL) a ON a.pid = it.pid
WHERE it.tables IS NOT NULL OR pg_catalog.clock_timestamp() - a.xact_start >= {long} * interval '1 s'
ORDER BY it.tables IS NULL, a.xact_start, 1 LIMIT 20
