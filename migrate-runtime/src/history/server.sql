SELECT pg_catalog.pg_backend_pid(),
       pg_catalog.current_database(),
       pg_catalog.quote_ident(current_user),
       pg_catalog.pg_is_in_recovery(),
       -- Elsewhere the setting exists and is refused, depending on the version.
       CASE WHEN pg_catalog.version() ~ 'linux' THEN pg_catalog.current_setting('client_connection_check_interval', true) END,
       -- Empty where it is there and may not be read.
       CASE pg_catalog.has_table_privilege(pg_catalog.to_regclass({meta})::oid, 'SELECT')
           WHEN true THEN pg_catalog.substring(pg_catalog.query_to_xml({meta_query}, false, false, '')::text, '<value>([0-9a-z:,]+)</value>')
           WHEN false THEN ''
       END,
       CASE WHEN pg_catalog.has_table_privilege(pg_catalog.to_regclass({progress})::oid, 'SELECT') THEN
           pg_catalog.substring(pg_catalog.query_to_xml({progress_query}, false, false, '')::text, '<value>([0-9a-f]+)</value>')
       END,
       -- A table of our name that we did not make: what it looks like. NULL where all is well.
       (SELECT CASE WHEN pg_catalog.count(*) FILTER (WHERE
                       a.attname IN ('version', 'name', 'checksum') AND t.typcategory = 'S'
                    OR a.attname IN ('id', 'execution_time') AND t.typcategory = 'N'
                    OR a.attname = 'applied_at' AND t.typcategory = 'D') = 6
                  AND pg_catalog.count(*) FILTER (WHERE a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
                    AND a.attname NOT IN ('version', 'name', 'checksum', 'execution_time')) = 0
                THEN NULL
                ELSE pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
           END
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = pg_catalog.to_regclass({migrations}) AND a.attnum > 0 AND NOT a.attisdropped),
       (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
       -- We connect with it; a pooler does not pass it on.
       pg_catalog.current_setting('migrate.run', true),
       -- Limits that older servers do not know.
       NULLIF(pg_catalog.current_setting('idle_session_timeout', true), '0') IS NOT NULL,
       NULLIF(pg_catalog.current_setting('transaction_timeout', true), '0') IS NOT NULL,
       current_user,
       pg_catalog.current_setting('server_version_num')
