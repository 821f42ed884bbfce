SELECT {id}, 'index', c.nspname, c.relname, x.relname,
       pg_catalog.pg_get_indexdef(i.indexrelid),
       s.conname,
       CASE WHEN NOT i.indisvalid THEN 'INVALID' END,
       CASE WHEN i.indisclustered THEN 'clustered' END,
       (SELECT h.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid LIMIT 1),
       (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace),
       (SELECT pg_catalog.string_agg(a.attnum || ' ' || a.attstattarget, ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0),
       {comment}
FROM {relations} c
JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
-- Nothing finds a constraint by its index: all of them at once.
LEFT JOIN pg_catalog.pg_constraint s ON s.conindid = i.indexrelid AND s.conrelid = i.indrelid AND s.contype IN ('p', 'u', 'x')
WHERE c.relkind IN ('r', 'p', 'm')
