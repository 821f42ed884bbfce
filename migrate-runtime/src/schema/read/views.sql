SELECT {id}, CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, c.nspname, NULL, c.relname,
       pg_catalog.pg_get_viewdef(c.oid),
       (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM pg_catalog.unnest(c.reloptions) it),
       CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'WITH NO DATA' END,
       CASE WHEN c.relkind = 'm' THEN (SELECT pg_catalog.quote_ident(a.amname) FROM pg_catalog.pg_am a WHERE a.oid = c.relam) END,
       (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace),
       pg_catalog.pg_get_userbyid(c.relowner), {grants}, {comment}
FROM {relations} c
WHERE c.relkind IN ('v', 'm')
