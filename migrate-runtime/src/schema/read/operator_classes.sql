SELECT {id}, 'operator class', n.nspname, NULL, pg_catalog.quote_ident(o.opcname) || ' USING ' || pg_catalog.quote_ident(a.amname),
       pg_catalog.concat_ws(' ', CASE WHEN o.opcdefault THEN 'DEFAULT' END, 'FOR TYPE', pg_catalog.format_type(o.opcintype, NULL),
            'USING', pg_catalog.quote_ident(a.amname),
            'FAMILY', (SELECT pg_catalog.format('%I.%I', s.nspname, f.opfname) FROM pg_catalog.pg_opfamily f
                JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace WHERE f.oid = o.opcfamily),
            'AS', COALESCE(NULLIF(pg_catalog.concat_ws(', ', {items}, 'STORAGE ' || pg_catalog.format_type(NULLIF(o.opckeytype, 0), NULL)), ''),
                -- One item there has to be, and this one says nothing.
                'STORAGE ' || pg_catalog.format_type(o.opcintype, NULL))),
       pg_catalog.pg_get_userbyid(o.opcowner), {comment}
FROM pg_catalog.pg_opclass o
JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod
JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
WHERE {is_users} AND {is_no_member}
