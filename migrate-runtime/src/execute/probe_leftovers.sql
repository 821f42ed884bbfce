WITH rebuilt AS (
    SELECT t.oid, t.reltoastrelid FROM pg_catalog.pg_class t
    WHERE t.oid = COALESCE((SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = pg_catalog.to_regclass({name})),
                           pg_catalog.to_regclass({name}))
)
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
FROM rebuilt r
JOIN pg_catalog.pg_index i ON i.indrelid IN (r.oid, r.reltoastrelid)
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
ORDER BY 1
