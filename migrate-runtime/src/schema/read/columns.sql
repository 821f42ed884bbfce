SELECT {id}, 'column', c.nspname, c.relname, a.attname,
       -- Dropped columns leave holes in the numbers.
       CASE WHEN c.relkind NOT IN ('v', 'm') THEN pg_catalog.row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) END,
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END,
       CASE WHEN a.attnotnull THEN {not_null} END,
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.format('ALWAYS AS (%s) %s', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
       END,
       CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
       CASE WHEN a.attstorage <> t.typstorage THEN
           CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
       END,
       {compression},
       NULLIF(a.attstattarget, -1),
       -- From the minor releases of November 2026 on (15.20), the server keeps among the options when the column was
       -- changed, and pg_dump leaves that out. Few columns have any: what is unnested for each of them takes its time.
       CASE WHEN a.attoptions IS NOT NULL THEN
           (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM pg_catalog.unnest(a.attoptions) it
            WHERE NOT pg_catalog.starts_with(it, 'pg_attver='))
       END,
       CASE WHEN a.attfdwoptions IS NOT NULL THEN
           (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || pg_catalog.quote_literal(o.option_value), ', ' ORDER BY o.option_name COLLATE pg_catalog."C") FROM pg_catalog.pg_options_to_table(a.attfdwoptions) o)
       END,
       CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'inherited and its own' ELSE 'inherited' END END,
       {not_null_name},
       {grants}, {comment}
FROM {relations} c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
{not_null_join}
WHERE c.relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
