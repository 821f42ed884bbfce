SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout');
SELECT pg_catalog.pg_export_snapshot(),
       pg_catalog.current_setting('server_version'),
       pg_catalog.current_database(),
       pg_catalog.pg_database_size(pg_catalog.current_database()),
       pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       -- NULL where there is no such table.
       pg_catalog.has_table_privilege(pg_catalog.to_regclass({migrations})::oid, 'SELECT'),
       pg_catalog.quote_ident(current_user),
       -- An archive has no indexes. Their sizes as they were last noted: nobody has to be waited for to know them.
       GREATEST(0, pg_catalog.pg_database_size(pg_catalog.current_database())
           - (SELECT COALESCE(pg_catalog.sum(relpages::bigint), 0) FROM pg_catalog.pg_class WHERE relkind = 'i')
               * pg_catalog.current_setting('block_size')::bigint)::bigint
