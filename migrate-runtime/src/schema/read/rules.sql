SELECT {id}, 'rule', c.nspname, c.relname, r.rulename,
       pg_catalog.pg_get_ruledef(r.oid),
       CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END,
       {comment}
FROM {relations} c
JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
WHERE r.rulename <> '_RETURN'
