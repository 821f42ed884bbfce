SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.current_database(),
       pg_catalog.quote_ident(current_user),
       pg_catalog.pg_is_in_recovery(),
       -- Elsewhere the setting exists and is refused, depending on the version.
       CASE WHEN pg_catalog.version() ~ 'linux' THEN pg_catalog.current_setting('client_connection_check_interval', true) END,
       -- Empty where it is there and may not be read.
       CASE pg_catalog.has_table_privilege(pg_catalog.to_regclass({meta})::oid, 'SELECT')
           WHEN true THEN pg_catalog.query_to_xml({meta_query}, false, false, '')::text
           WHEN false THEN ''
       END,
       -- What never had a row takes no room, and need not be looked into.
       CASE WHEN pg_catalog.pg_relation_size(pg_catalog.to_regclass({progress})) > 0
               AND pg_catalog.has_table_privilege(pg_catalog.to_regclass({progress})::oid, 'SELECT') THEN
           pg_catalog.substring(pg_catalog.query_to_xml({progress_query}, false, false, '')::text, '<value>([0-9a-f]+)</value>')
       END,
       -- A table of our name that we did not make, as far as can be seen: what it looks like. NULL where all is well.
       CASE WHEN pg_catalog.to_regclass({meta}) IS NULL THEN
           pg_catalog.substring(pg_catalog.query_to_xml({shape_query}, false, false, '')::text, '<value>([0-9a-f]+)</value>')
       END,
       (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
       -- We connect with it; a pooler does not pass it on.
       pg_catalog.current_setting('migrate.run', true),
       -- Limits that older servers do not know.
       NULLIF(pg_catalog.current_setting('idle_session_timeout', true), '0') IS NOT NULL,
       NULLIF(pg_catalog.current_setting('transaction_timeout', true), '0') IS NOT NULL,
       current_user,
       pg_catalog.current_setting('server_version_num')
