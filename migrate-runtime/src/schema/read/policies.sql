SELECT {id}, 'policy', c.nspname, c.relname, p.polname,
       CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
       CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
       (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM
           (SELECT CASE one WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(one)) END
            FROM pg_catalog.unnest(p.polroles) one) AS roles (it)),
       pg_catalog.pg_get_expr(p.polqual, p.polrelid),
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
       {comment}
FROM {relations} c
JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
