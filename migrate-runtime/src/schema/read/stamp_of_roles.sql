SELECT pg_catalog.sum(pg_catalog.hashtextextended(r.rolname, r.oid::pg_catalog.int8)) FROM pg_catalog.pg_roles r
-- Those of the server itself need no entry; others come and go with every database.
WHERE r.oid < 16384 OR r.oid IN (SELECT s.refobjid FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database d ON d.oid = s.dbid
      WHERE d.datname = pg_catalog.current_database() AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass)
