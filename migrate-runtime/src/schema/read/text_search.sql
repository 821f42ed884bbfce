SELECT 'text search configuration', n.nspname, NULL, t.cfgname,
       pg_catalog.concat_ws(', ', 'PARSER = ' || (SELECT p.prsname FROM pg_catalog.pg_ts_parser p WHERE p.oid = t.cfgparser),
            (SELECT pg_catalog.string_agg(pg_catalog.format('%s WITH %s', m.maptokentype, m.mapdict::pg_catalog.regdictionary), ', '
                    ORDER BY m.maptokentype, m.mapseqno)
             FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = t.oid)),
       pg_catalog.pg_get_userbyid(t.cfgowner), {comment}
FROM pg_catalog.pg_ts_config t
JOIN pg_catalog.pg_namespace n ON n.oid = t.cfgnamespace
WHERE {is_users} AND {is_no_member}
