SELECT 'text search dictionary', n.nspname, NULL, t.dictname,
       pg_catalog.concat_ws(', ', 'TEMPLATE = ' || (SELECT p.tmplname FROM pg_catalog.pg_ts_template p WHERE p.oid = t.dicttemplate), t.dictinitoption),
       pg_catalog.pg_get_userbyid(t.dictowner), {comment}
FROM pg_catalog.pg_ts_dict t
JOIN pg_catalog.pg_namespace n ON n.oid = t.dictnamespace
WHERE {is_users} AND {is_no_member}
