SELECT application_name, state, sync_state,
       pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
                                       ELSE pg_catalog.pg_current_wal_lsn() END, replay_lsn)::bigint,
       EXTRACT(epoch FROM replay_lag)::bigint
FROM pg_catalog.pg_stat_replication ORDER BY application_name, pid;
SELECT slot_name, active, wal_status,
       pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn()
                                       ELSE pg_catalog.pg_current_wal_lsn() END, restart_lsn)::bigint
FROM pg_catalog.pg_replication_slots WHERE NOT temporary ORDER BY slot_name
