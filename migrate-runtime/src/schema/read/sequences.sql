SELECT {id}, 'sequence', c.nspname, NULL, c.relname,
       pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
       CASE WHEN s.seqcycle THEN 'CYCLE' END,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
       d.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname),
       CASE d.deptype WHEN 'i' THEN 'identity' END,
       pg_catalog.pg_get_userbyid(c.relowner), {grants}, {comment}
FROM {relations} c
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
LEFT JOIN pg_catalog.pg_class r ON r.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
-- Those of the tables of the history.
WHERE (n.nspname = {schema} AND r.relname IN ('_migrations', '_migrations_log')) IS NOT TRUE
