-- Without what belongs to its classes.
SELECT {id}, 'operator family', n.nspname, NULL, pg_catalog.quote_ident(f.opfname) || ' USING ' || pg_catalog.quote_ident(a.amname),
       NULLIF(pg_catalog.concat_ws(', ', {items}), ''),
       pg_catalog.pg_get_userbyid(f.opfowner), {comment}
FROM pg_catalog.pg_opfamily f
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
WHERE {is_users} AND {is_no_member}
