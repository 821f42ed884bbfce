SELECT COALESCE(NULLIF(application_name, ''), client_addr::text, 'pid ' || pid),
       COALESCE((EXTRACT(epoch FROM replay_lag) * 1000)::bigint, 0),
       pg_catalog.pg_wal_lsn_diff(replay_lsn, '0/0')::bigint,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint
FROM pg_catalog.pg_stat_replication
-- What only keeps the log, and says so, has nothing to replay.
WHERE {max_lag} > 0 AND state IN ('streaming', 'catchup') AND replay_lsn IS NOT NULL;
SELECT waiting.pid, (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - waiting.since) * 1000)::bigint
FROM (SELECT l.pid, {since} AS since
      FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE NOT l.granted AND l.relation = {oid} AND l.pid <> pg_catalog.pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS waiting
WHERE waiting.since < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {patience})
ORDER BY waiting.since LIMIT 1
