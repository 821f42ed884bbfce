SELECT {id}, 'trigger', c.nspname, c.relname, t.tgname,
       pg_catalog.pg_get_triggerdef(t.oid),
       CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END,
       {comment}
FROM {relations} c
JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
