SELECT waiting.pid, (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - waiting.since) * 1000)::bigint
FROM (SELECT l.pid, {since} AS since
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE NOT l.granted AND l.relation = {oid} AND l.pid <> pg_catalog.pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS waiting
WHERE waiting.since < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {patience})
ORDER BY waiting.since LIMIT 1
