SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.current_setting('migrate.run', true),
       -- Without what the packager adds.
       pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1),
       pg_catalog.current_setting('server_version_num'),
       pg_catalog.current_database(),
       pg_catalog.pg_is_in_recovery(),
       CASE WHEN pg_catalog.inet_server_addr() IS NULL THEN 'socket'
            WHEN pg_catalog.inet_server_addr() <<= '127.0.0.0/8' OR pg_catalog.inet_server_addr() = '::1' THEN 'loopback'
            ELSE pg_catalog.host(pg_catalog.inet_server_addr())
       END,
       s.ssl, s.version, s.cipher,
       (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint,
       pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(session_user),
       pg_catalog.quote_ident(pg_catalog.current_database())
FROM (SELECT) AS one LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = pg_catalog.pg_backend_pid();
SELECT name, pg_catalog.current_setting(name), source FROM pg_catalog.pg_settings
WHERE name IN ('default_transaction_read_only', 'fsync', 'full_page_writes', 'max_connections', 'max_locks_per_transaction',
               'max_prepared_transactions', 'session_replication_role', 'superuser_reserved_connections', 'synchronous_commit',
               'synchronous_standby_names');
-- Limits that are meant for applications, by role and database. Values of others may be secrets.
SELECT DISTINCT it FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS it
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
  AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
  AND it ~ '^(statement|lock|transaction|idle_session|idle_in_transaction_session)_timeout='
ORDER BY it;
SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384
