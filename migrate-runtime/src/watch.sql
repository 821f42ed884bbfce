WITH RECURSIVE chain (pid, blocker) AS (
    SELECT {pid}, b FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids({pid})) AS b
    UNION
    SELECT chain.blocker, b FROM chain, pg_catalog.unnest(pg_catalog.pg_blocking_pids(chain.blocker)) AS b
)
SELECT it.pid, COALESCE(NULLIF(a.application_name, ''), NULLIF(a.backend_type, 'client backend'),
                        CASE WHEN it.is_autovacuum THEN 'autovacuum worker' END), a.usename, a.state,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint,
       {statement},
       it.pid IN (SELECT chain.pid FROM chain),
       -- It gives way to whoever waits as long as this, unless it prevents a wraparound.
       CASE WHEN it.is_autovacuum AND a.query NOT LIKE '%(to prevent wraparound)' THEN
           (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout')
       END
FROM (SELECT pid, pid IN (SELECT pid FROM pg_catalog.pg_stat_progress_vacuum UNION SELECT pid FROM pg_catalog.pg_stat_progress_analyze)
          -- Visible to every role: it has no user.
          AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity s WHERE s.pid = them.pid AND s.usesysid IS NULL) AS is_autovacuum
      FROM (SELECT DISTINCT blocker AS pid FROM chain WHERE blocker <> {pid}) AS them) AS it
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = it.pid
ORDER BY a.xact_start, it.pid LIMIT 10;
SELECT phase,
       CASE WHEN blocks_total > 0 THEN blocks_done WHEN tuples_total > 0 THEN tuples_done ELSE lockers_done END,
       CASE WHEN blocks_total > 0 THEN blocks_total WHEN tuples_total > 0 THEN tuples_total ELSE lockers_total END
FROM pg_catalog.pg_stat_progress_create_index WHERE pid = {pid}
