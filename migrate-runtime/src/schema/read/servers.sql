SELECT {id}, 'server', NULL, NULL, f.srvname,
       pg_catalog.concat_ws(' ', 'TYPE ' || pg_catalog.quote_literal(f.srvtype), 'VERSION ' || pg_catalog.quote_literal(f.srvversion),
            'FOREIGN DATA WRAPPER ' || (SELECT pg_catalog.quote_ident(w.fdwname) FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.oid = f.srvfdw),
            'OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || pg_catalog.quote_literal(o.option_value), ', ' ORDER BY o.option_name COLLATE pg_catalog."C") FROM pg_catalog.pg_options_to_table(f.srvoptions) o) || ')'),
       pg_catalog.pg_get_userbyid(f.srvowner), {grants}, {comment}
FROM pg_catalog.pg_foreign_server f
WHERE {is_no_member}
