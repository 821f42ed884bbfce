SELECT 'foreign data wrapper', NULL, NULL, w.fdwname,
       pg_catalog.concat_ws(' ', 'HANDLER ' || NULLIF(w.fdwhandler, 0)::pg_catalog.regproc::text,
            'VALIDATOR ' || NULLIF(w.fdwvalidator, 0)::pg_catalog.regproc::text,
            'OPTIONS (' || (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it) FROM pg_catalog.unnest(w.fdwoptions) it) || ')'),
       pg_catalog.pg_get_userbyid(w.fdwowner), {grants}, {comment}
FROM pg_catalog.pg_foreign_data_wrapper w
WHERE {is_no_member}
