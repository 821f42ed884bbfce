SELECT COALESCE(NULLIF(application_name, ''), client_addr::text, 'pid ' || pid),
       COALESCE((EXTRACT(epoch FROM replay_lag) * 1000)::bigint, 0),
       pg_catalog.pg_wal_lsn_diff(replay_lsn, '0/0')::bigint,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint,
       -- Of others, a role without `pg_monitor` sees no more than that they are there.
       state IS NULL
FROM pg_catalog.pg_stat_replication
-- What only keeps the log, and says so, has nothing to replay.
WHERE {max_lag} > 0 AND (state IS NULL OR state IN ('streaming', 'catchup') AND replay_lsn IS NOT NULL)
