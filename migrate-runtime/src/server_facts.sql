SELECT pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1),
       (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint
