-- Those that a partition or a child inherits are validated with the one that they come from.
SELECT CASE WHEN c.contypid <> 0 THEN 'DOMAIN ' || c.contypid::pg_catalog.regtype::text
            ELSE 'TABLE ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(r.relname) END,
       pg_catalog.quote_ident(c.conname),
       CASE c.contype WHEN 'f' THEN 'foreign key' WHEN 'n' THEN 'not-null constraint' ELSE 'check constraint' END
FROM pg_catalog.pg_constraint c
LEFT JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE NOT c.convalidated AND c.contype IN ('f', 'c', 'n') AND c.conparentid = 0 AND c.coninhcount = 0
  -- From PostgreSQL 18 on there are some that nothing enforces: there is nothing to validate.
  AND COALESCE(pg_catalog.to_jsonb(c) ->> 'conenforced', 'true') = 'true'
  AND NOT COALESCE(pg_catalog.pg_is_other_temp_schema(n.oid), false)
ORDER BY 1, 2
