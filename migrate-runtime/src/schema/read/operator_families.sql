SELECT 'operator family', n.nspname, NULL, f.opfname || ' USING ' || a.amname,
       pg_catalog.concat_ws(', ',
            (SELECT pg_catalog.string_agg(pg_catalog.format('OPERATOR %s %s', o.amopstrategy, o.amopopr::pg_catalog.regoperator), ', '
                    ORDER BY o.amopstrategy, o.amopopr::pg_catalog.regoperator::text)
             FROM pg_catalog.pg_amop o WHERE o.amopfamily = f.oid),
            (SELECT pg_catalog.string_agg(pg_catalog.format('FUNCTION %s %s', p.amprocnum, p.amproc::oid::pg_catalog.regprocedure), ', '
                    ORDER BY p.amprocnum, p.amproc::oid::pg_catalog.regprocedure::text)
             FROM pg_catalog.pg_amproc p WHERE p.amprocfamily = f.oid)),
       pg_catalog.pg_get_userbyid(f.opfowner), {comment}
FROM pg_catalog.pg_opfamily f
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
WHERE {is_users} AND {is_no_member}
