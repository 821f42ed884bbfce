SELECT {id}, 'cast', NULL, NULL, pg_catalog.format('%s AS %s', pg_catalog.format_type(k.castsource, NULL), pg_catalog.format_type(k.casttarget, NULL)),
       pg_catalog.concat_ws(' ',
            CASE k.castmethod WHEN 'i' THEN 'WITH INOUT' WHEN 'b' THEN 'WITHOUT FUNCTION'
                 ELSE 'WITH FUNCTION ' || k.castfunc::pg_catalog.regprocedure::text END,
            CASE k.castcontext WHEN 'a' THEN 'AS ASSIGNMENT' WHEN 'i' THEN 'AS IMPLICIT' END),
       {comment}
FROM pg_catalog.pg_cast k
-- What the server was made with has lower numbers; casts of range types come with them.
WHERE k.oid >= 16384 AND {is_no_member} AND NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = k.castsource AND k.castmethod = 'f'
      AND k.castfunc IN (SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'i'))
