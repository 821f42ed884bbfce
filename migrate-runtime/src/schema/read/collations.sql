SELECT {id}, 'collation', n.nspname, NULL, l.collname,
       pg_catalog.concat_ws(', ', 'PROVIDER = ' || CASE l.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'default' END,
            'LC_COLLATE = ' || pg_catalog.quote_literal(l.collcollate), 'LC_CTYPE = ' || pg_catalog.quote_literal(l.collctype),
            -- Its name has changed with versions 15 and 17.
            'LOCALE = ' || pg_catalog.quote_literal(COALESCE(pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale')),
            'RULES = ' || pg_catalog.quote_literal(pg_catalog.to_jsonb(l) ->> 'collicurules'),
            CASE WHEN NOT l.collisdeterministic THEN 'DETERMINISTIC = false' END),
       pg_catalog.pg_get_userbyid(l.collowner), {comment}
FROM pg_catalog.pg_collation l
JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
WHERE {is_users} AND {is_no_member}
