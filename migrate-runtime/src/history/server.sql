SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.current_database(),
       pg_catalog.quote_ident(current_user),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('client_connection_check_interval', true),
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
       -- The file of pg_class is in a folder that is named after the oid of the database. Asking pg_database for it costs
       -- a new session as much as all the other settings and functions here.
       pg_catalog.pg_relation_filepath(1259),
       -- We connect with it; a pooler does not pass it on.
       pg_catalog.current_setting('migrate.run', true),
       -- Limits that older servers do not know.
       pg_catalog.current_setting('idle_session_timeout', true),
       pg_catalog.current_setting('transaction_timeout', true),
       current_user,
       pg_catalog.current_setting('server_version_num'),
       pg_catalog.version()
