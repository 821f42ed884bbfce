SELECT (SELECT pg_catalog.concat_ws(' ', standby.lag, standby.bytes, standby.name)
        FROM (SELECT COALESCE(NULLIF(application_name, ''), client_addr::text, 'pid ' || pid) AS name,
                     COALESCE((EXTRACT(epoch FROM replay_lag) * 1000)::bigint, 0) AS lag,
                     COALESCE(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn), 0)::bigint AS bytes
              FROM pg_catalog.pg_stat_replication WHERE state IN ('streaming', 'catchup')) AS standby
        WHERE {max_lag} > 0 AND (standby.lag > {max_lag} OR standby.bytes > {max_bytes})
        ORDER BY standby.lag DESC, standby.bytes DESC LIMIT 1),
       (SELECT pg_catalog.concat_ws(' ', (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - waiting.since) * 1000)::bigint, waiting.pid)
        FROM (SELECT l.pid, {since} AS since
              FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
              WHERE NOT l.granted AND l.relation = {oid} AND l.pid <> pg_catalog.pg_backend_pid()
                AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS waiting
        WHERE waiting.since < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => {patience})
        ORDER BY waiting.since LIMIT 1)
