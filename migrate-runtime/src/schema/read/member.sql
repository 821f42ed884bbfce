{oid} NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.{class}'::pg_catalog.regclass AND e.deptype = 'e' AND e.objsubid = 0)
