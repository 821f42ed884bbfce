SELECT 'operator class', n.nspname, NULL, o.opcname || ' USING ' || a.amname,
       pg_catalog.concat_ws(' ', CASE WHEN o.opcdefault THEN 'DEFAULT' END, 'FOR TYPE', pg_catalog.format_type(o.opcintype, NULL),
            'FAMILY', (SELECT pg_catalog.quote_ident(f.opfname) FROM pg_catalog.pg_opfamily f WHERE f.oid = o.opcfamily),
            'STORAGE ' || pg_catalog.format_type(NULLIF(o.opckeytype, 0), NULL)),
       pg_catalog.pg_get_userbyid(o.opcowner), {comment}
FROM pg_catalog.pg_opclass o
JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod
JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
WHERE {is_users} AND {is_no_member}
