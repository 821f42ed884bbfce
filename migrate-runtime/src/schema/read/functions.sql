SELECT {id}, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       n.nspname, NULL, p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')',
       pg_catalog.pg_get_function_arguments(p.oid),
       CASE WHEN p.prokind <> 'p' THEN pg_catalog.pg_get_function_result(p.oid) END,
       CASE WHEN p.prokind <> 'a' THEN (SELECT pg_catalog.quote_ident(l.lanname) FROM pg_catalog.pg_language l WHERE l.oid = p.prolang) END,
       CASE WHEN p.prokind = 'w' THEN 'WINDOW' END,
       CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
       CASE WHEN p.proisstrict THEN 'STRICT' END,
       CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END,
       CASE WHEN p.proleakproof THEN 'LEAKPROOF' END,
       CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' END,
       p.procost,
       NULLIF(p.prorows, 0),
       NULLIF(p.prosupport::oid, 0)::pg_catalog.regproc::text,
       -- A line each; those that a value has besides begin with a blank.
       (SELECT pg_catalog.string_agg(pg_catalog.replace(it, E'\n', E'\n '), E'\n' ORDER BY it COLLATE pg_catalog."C")
        FROM pg_catalog.unnest(p.proconfig) it),
       CASE WHEN p.prokind <> 'a' THEN COALESCE({sql_body}, p.prosrc) END,
       p.probin,
       (SELECT pg_catalog.concat_ws(', ',
            'SFUNC = ' || a.aggtransfn::text, 'STYPE = ' || pg_catalog.format_type(a.aggtranstype, NULL),
            'SSPACE = ' || NULLIF(a.aggtransspace, 0), 'FINALFUNC = ' || NULLIF(a.aggfinalfn::oid, 0)::pg_catalog.regproc::text,
            CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
            'FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify WHEN 's' THEN 'SHAREABLE' WHEN 'w' THEN 'READ_WRITE' END,
            'COMBINEFUNC = ' || NULLIF(a.aggcombinefn::oid, 0)::pg_catalog.regproc::text,
            'SERIALFUNC = ' || NULLIF(a.aggserialfn::oid, 0)::pg_catalog.regproc::text,
            'DESERIALFUNC = ' || NULLIF(a.aggdeserialfn::oid, 0)::pg_catalog.regproc::text,
            'INITCOND = ' || pg_catalog.quote_literal(a.agginitval),
            'MSFUNC = ' || NULLIF(a.aggmtransfn::oid, 0)::pg_catalog.regproc::text,
            'MINVFUNC = ' || NULLIF(a.aggminvtransfn::oid, 0)::pg_catalog.regproc::text,
            'MSTYPE = ' || pg_catalog.format_type(NULLIF(a.aggmtranstype, 0), NULL), 'MSSPACE = ' || NULLIF(a.aggmtransspace, 0),
            'MFINALFUNC = ' || NULLIF(a.aggmfinalfn::oid, 0)::pg_catalog.regproc::text,
            CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
            'MFINALFUNC_MODIFY = ' || CASE WHEN a.aggmfinalfn <> 0 THEN CASE a.aggmfinalmodify WHEN 's' THEN 'SHAREABLE' WHEN 'w' THEN 'READ_WRITE' END END,
            'MINITCOND = ' || pg_catalog.quote_literal(a.aggminitval),
            'SORTOP = ' || (SELECT pg_catalog.format('OPERATOR(%I.%s)', s.nspname, o.oprname)
                FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace WHERE o.oid = a.aggsortop),
            CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)
        FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid),
       pg_catalog.pg_get_userbyid(p.proowner), {grants}, {comment}
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE {is_users} AND {is_no_member}
  -- The constructors of a range come and go with it.
  AND p.oid NOT IN (SELECT d.objid FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'i' AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass)
  AND NOT (n.nspname = {schema} AND p.proname = '_migrations_log_append_only')
