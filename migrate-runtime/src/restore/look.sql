SELECT pg_catalog.current_setting('server_version_num'),
       pg_catalog.quote_ident(current_user),
       r.rolsuper,
       r.rolcreatedb,
       d.oid,
       d.oid IS NULL OR pg_catalog.pg_has_role(current_user, d.datdba, 'USAGE'),
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.datdba)),
       pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS'),
       pg_catalog.clock_timestamp()::text,
       pg_catalog.pg_is_in_recovery(),
       (SELECT pg_catalog.string_agg(gid, ', ' ORDER BY prepared) FROM pg_catalog.pg_prepared_xacts WHERE database = {name}),
       (SELECT pg_catalog.string_agg(slot_name, ', ' ORDER BY slot_name) FROM pg_catalog.pg_replication_slots WHERE database = {name})
FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_database d ON d.datname = {name}
WHERE r.rolname = current_user
