SELECT {id}, 'text search configuration', n.nspname, NULL, t.cfgname,
       -- Its parser, and a line for each sort of word.
       pg_catalog.concat_ws(E'\n', 'PARSER = ' || (SELECT pg_catalog.format('%I.%I', s.nspname, p.prsname) FROM pg_catalog.pg_ts_parser p
                JOIN pg_catalog.pg_namespace s ON s.oid = p.prsnamespace WHERE p.oid = t.cfgparser),
            (SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line COLLATE pg_catalog."C") FROM
                (SELECT pg_catalog.quote_ident(k.alias) || ' WITH ' || pg_catalog.string_agg(m.mapdict::pg_catalog.regdictionary::text, ', ' ORDER BY m.mapseqno)
                 FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.ts_token_type(t.cfgparser) k ON k.tokid = m.maptokentype
                 WHERE m.mapcfg = t.oid GROUP BY k.alias) AS mapped (line))),
       pg_catalog.pg_get_userbyid(t.cfgowner), {comment}
FROM pg_catalog.pg_ts_config t
JOIN pg_catalog.pg_namespace n ON n.oid = t.cfgnamespace
WHERE {is_users} AND {is_no_member}
