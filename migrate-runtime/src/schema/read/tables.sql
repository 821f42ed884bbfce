SELECT {id}, CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, c.nspname, NULL, c.relname,
       CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
       CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END,
       CASE WHEN c.relispartition THEN
           (SELECT i.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid LIMIT 1)
       END,
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
       CASE WHEN NOT c.relispartition THEN
           (SELECT pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ', ' ORDER BY i.inhseqno)
            FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
       END,
       (SELECT pg_catalog.quote_ident(a.amname) FROM pg_catalog.pg_am a WHERE a.oid = c.relam),
       (SELECT pg_catalog.string_agg(it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM pg_catalog.unnest(c.reloptions) it),
       (SELECT pg_catalog.string_agg('toast.' || it, ', ' ORDER BY it COLLATE pg_catalog."C") FROM pg_catalog.pg_class t, pg_catalog.unnest(t.reloptions) it
        WHERE t.oid = c.reltoastrelid),
       (SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace),
       (SELECT pg_catalog.concat_ws(' ', pg_catalog.quote_ident(s.srvname), 'OPTIONS (' ||
            (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || pg_catalog.quote_literal(o.option_value), ', ' ORDER BY o.option_name COLLATE pg_catalog."C") FROM pg_catalog.pg_options_to_table(f.ftoptions) o) || ')')
        FROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid),
       CASE WHEN c.relrowsecurity THEN 'enabled' END,
       CASE WHEN c.relforcerowsecurity THEN 'forced' END,
       CASE c.relreplident WHEN 'n' THEN 'NOTHING' WHEN 'f' THEN 'FULL' WHEN 'i' THEN
           COALESCE('USING INDEX ' || (SELECT pg_catalog.quote_ident(x.relname) FROM pg_catalog.pg_index i
                JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident), 'NOTHING')
       END,
       pg_catalog.pg_get_userbyid(c.relowner), {grants}, {comment}
FROM {relations} c
WHERE c.relkind IN ('r', 'p', 'f')
