(SELECT pg_catalog.string_agg(pg_catalog.format('OPERATOR %s %s%s', p.amopstrategy, p.amopopr::pg_catalog.regoperator,
            (SELECT pg_catalog.format(' FOR ORDER BY %I.%I', s.nspname, b.opfname) FROM pg_catalog.pg_opfamily b
             JOIN pg_catalog.pg_namespace s ON s.oid = b.opfnamespace WHERE b.oid = p.amopsortfamily)), ', '
        ORDER BY p.amopstrategy, p.amopopr::pg_catalog.regoperator::text COLLATE pg_catalog."C")
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_amop p ON p.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.{class}'::pg_catalog.regclass AND d.refobjid = {oid}),
    (SELECT pg_catalog.string_agg(pg_catalog.format('FUNCTION %s (%s, %s) %s', p.amprocnum, pg_catalog.format_type(p.amproclefttype, NULL),
            pg_catalog.format_type(p.amprocrighttype, NULL), p.amproc::oid::pg_catalog.regprocedure), ', '
        ORDER BY p.amprocnum, p.amproc::oid::pg_catalog.regprocedure::text COLLATE pg_catalog."C")
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_amproc p ON p.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.{class}'::pg_catalog.regclass AND d.refobjid = {oid})
