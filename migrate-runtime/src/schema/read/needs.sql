-- What needs what: the two by their numbers, how, and whether it is a type that is needed.
SELECT pg_catalog.concat_ws(' ', d.classid, d.objid, d.objsubid), pg_catalog.concat_ws(' ', d.refclassid, d.refobjid, d.refobjsubid), d.deptype,
       CASE WHEN d.classid IN ('pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_amop'::pg_catalog.regclass, 'pg_catalog.pg_amproc'::pg_catalog.regclass)
            THEN 'part' END,
       CASE WHEN d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass THEN 'type' END
FROM pg_catalog.pg_depend d
-- What the server was made with has lower numbers; schemas come first anyway.
WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i') AND d.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass
