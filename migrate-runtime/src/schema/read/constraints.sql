SELECT {id}, 'constraint', c.nspname, c.relname, s.conname,
       pg_catalog.pg_get_constraintdef(s.oid),
       CASE WHEN s.coninhcount > 0 THEN CASE WHEN s.conislocal THEN 'inherited and its own' ELSE 'inherited' END END,
       -- A foreign key is kept by triggers on either table; without them, it only says so.
       (SELECT 'on ' || pg_catalog.string_agg(DISTINCT t.tgrelid::pg_catalog.regclass::text, ', ' ORDER BY t.tgrelid::pg_catalog.regclass::text)
        FROM pg_catalog.pg_trigger t WHERE t.tgconstraint = s.oid AND t.tgisinternal AND t.tgenabled <> 'O'),
       {comment}
FROM {relations} c
JOIN pg_catalog.pg_constraint s ON s.conrelid = c.oid
-- Of a foreign key, its copies for partitions on either side come and go with it.
WHERE s.contype IN ('c', 'p', 'u', 'x') OR s.contype = 'f' AND s.conparentid = 0
UNION ALL
SELECT {id}, 'constraint', n.nspname, t.typname, s.conname, pg_catalog.pg_get_constraintdef(s.oid), NULL, NULL, {comment}
FROM pg_catalog.pg_constraint s
JOIN pg_catalog.pg_type t ON t.oid = s.contypid
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE s.contype = 'c' AND {is_users}
  AND t.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.deptype = 'e')
