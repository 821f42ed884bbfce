SELECT pg_catalog.quote_ident(r.rolname), r.rolsuper,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),
       pg_catalog.has_database_privilege(d.oid, 'CREATE'), pg_catalog.quote_ident(d.datname),
       n.oid IS NOT NULL, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), pg_catalog.has_schema_privilege(n.oid, 'CREATE'),
       -- Whoever logs in is counted, whatever role the session has then.
       NULLIF(l.rolconnlimit, -1), (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = l.oid),
       NULLIF(d.datconnlimit, -1), (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid),
       -- Sessions alone have a database and a user; what sort of process it is, not every role sees.
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid IS NOT NULL AND a.usesysid IS NOT NULL),
       pg_catalog.quote_ident({schema_name}), pg_catalog.quote_ident(l.rolname), l.rolsuper
FROM pg_catalog.pg_roles r
JOIN pg_catalog.pg_roles l ON l.rolname = session_user
JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = {schema_name}
WHERE r.rolname = current_user;
SELECT pg_catalog.quote_ident(o.rolname), pg_catalog.pg_has_role(c.relowner, 'MEMBER'),
       pg_catalog.count(*),
       pg_catalog.array_to_string((pg_catalog.array_agg(pg_catalog.quote_ident(c.relname) ORDER BY c.relname))[1:3], ', '),
       o.rolsuper
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = {schema_name}
WHERE c.relkind IN ('r', 'p', 'f') AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
  -- Those of the history have a line of their own, and those of an extension nobody alters.
  AND c.relname NOT IN ('_migrations', '_migrations_log', '_migrations_script', '_migrations_progress', '_migrations_meta')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
GROUP BY c.relowner, o.rolname, o.rolsuper ORDER BY 3 DESC, 1;
SELECT pg_catalog.count(*),
       pg_catalog.array_to_string((pg_catalog.array_agg(c.oid::pg_catalog.regclass::text ORDER BY c.oid::pg_catalog.regclass::text))[1:3], ', ')
FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)
