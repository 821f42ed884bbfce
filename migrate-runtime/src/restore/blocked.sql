SELECT a.pid, a.application_name, a.usename,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.backend_start)::bigint, a.datid
FROM pg_catalog.pg_stat_activity a
WHERE a.pid IN (SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(r.pid)) FROM pg_catalog.pg_stat_activity r
                WHERE r.datname = pg_catalog.current_database() AND r.application_name = 'pg_restore'
                  AND r.usename = session_user)
ORDER BY a.backend_start, a.pid
