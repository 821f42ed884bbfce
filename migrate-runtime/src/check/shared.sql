-- What tablespaces depend on comes after them.
SELECT 'TABLESPACE ' || pg_catalog.quote_ident(t.spcname), t.spcname
FROM pg_catalog.pg_tablespace t
UNION ALL
SELECT 'ROLE ' || pg_catalog.quote_ident(r.rolname), r.rolname
FROM pg_catalog.pg_roles r
ORDER BY 1 DESC
