SELECT {id}, 'text search dictionary', n.nspname, NULL, t.dictname,
       pg_catalog.concat_ws(', ', 'TEMPLATE = ' || (SELECT pg_catalog.format('%I.%I', s.nspname, p.tmplname) FROM pg_catalog.pg_ts_template p
            JOIN pg_catalog.pg_namespace s ON s.oid = p.tmplnamespace WHERE p.oid = t.dicttemplate), t.dictinitoption),
       pg_catalog.pg_get_userbyid(t.dictowner), {comment}
FROM pg_catalog.pg_ts_dict t
JOIN pg_catalog.pg_namespace n ON n.oid = t.dictnamespace
WHERE {is_users} AND {is_no_member}
