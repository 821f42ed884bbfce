SELECT 'server', NULL, NULL, f.srvname,
       pg_catalog.concat_ws(' ', 'TYPE ' || pg_catalog.quote_literal(f.srvtype), 'VERSION ' || pg_catalog.quote_literal(f.srvversion),
            'FOREIGN DATA WRAPPER ' || (SELECT pg_catalog.quote_ident(w.fdwname) FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.oid = f.srvfdw),
            'OPTIONS (' || (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it) FROM pg_catalog.unnest(f.srvoptions) it) || ')'),
       pg_catalog.pg_get_userbyid(f.srvowner), {grants}, {comment}
FROM pg_catalog.pg_foreign_server f
WHERE {is_no_member}
