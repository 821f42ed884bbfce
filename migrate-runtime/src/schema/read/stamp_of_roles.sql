SELECT pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.pg_get_userbyid(r.oid), r.oid::pg_catalog.int8))
-- Those that have a part in this database, whose number is the name of the folder of its files; and the one who made the
-- server, whom nothing refers to.
FROM (SELECT s.refobjid AS oid FROM pg_catalog.pg_shdepend s
      WHERE s.dbid = pg_catalog.substring(pg_catalog.pg_relation_filepath(1259), '([0-9]+)/[^/]*$')::pg_catalog.oid
        AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
      UNION SELECT 10::pg_catalog.oid) r
