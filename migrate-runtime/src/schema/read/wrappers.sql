SELECT {id}, 'foreign data wrapper', NULL, NULL, w.fdwname,
       pg_catalog.concat_ws(' ', 'HANDLER ' || NULLIF(w.fdwhandler, 0)::pg_catalog.regproc::text,
            'VALIDATOR ' || NULLIF(w.fdwvalidator, 0)::pg_catalog.regproc::text,
            'OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || pg_catalog.quote_literal(o.option_value), ', ' ORDER BY o.option_name COLLATE pg_catalog."C") FROM pg_catalog.pg_options_to_table(w.fdwoptions) o) || ')'),
       pg_catalog.pg_get_userbyid(w.fdwowner), {grants}, {comment}
FROM pg_catalog.pg_foreign_data_wrapper w
WHERE {is_no_member}
