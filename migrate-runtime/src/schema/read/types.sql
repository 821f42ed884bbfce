SELECT {id}, CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' ELSE 'type' END,
       n.nspname, NULL, t.typname,
       CASE WHEN t.typtype = 'e' THEN
           (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
            FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
       END,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
       CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::pg_catalog.regcollation::text END,
       COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault),
       CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'NOT NULL' END,
       CASE WHEN t.typtype = 'r' THEN
           (SELECT pg_catalog.concat_ws(', ',
                'SUBTYPE = ' || pg_catalog.format_type(r.rngsubtype, NULL),
                'SUBTYPE_OPCLASS = ' || (SELECT pg_catalog.format('%I.%I', s.nspname, o.opcname) FROM pg_catalog.pg_opclass o
                    JOIN pg_catalog.pg_namespace s ON s.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),
                'COLLATION = ' || NULLIF(r.rngcollation, 0)::pg_catalog.regcollation::text,
                'CANONICAL = ' || NULLIF(r.rngcanonical::oid, 0)::pg_catalog.regproc::text,
                'SUBTYPE_DIFF = ' || NULLIF(r.rngsubdiff::oid, 0)::pg_catalog.regproc::text,
                'MULTIRANGE_TYPE_NAME = ' || {multirange})
            FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)
            WHEN t.typtype = 'b' AND t.typisdefined THEN
           NULLIF(pg_catalog.concat_ws(', ', 'INPUT = ' || NULLIF(t.typinput::oid, 0)::pg_catalog.regproc::text,
                'OUTPUT = ' || NULLIF(t.typoutput::oid, 0)::pg_catalog.regproc::text,
                'RECEIVE = ' || NULLIF(t.typreceive::oid, 0)::pg_catalog.regproc::text,
                'SEND = ' || NULLIF(t.typsend::oid, 0)::pg_catalog.regproc::text,
                'TYPMOD_IN = ' || NULLIF(t.typmodin::oid, 0)::pg_catalog.regproc::text,
                'TYPMOD_OUT = ' || NULLIF(t.typmodout::oid, 0)::pg_catalog.regproc::text,
                'ANALYZE = ' || NULLIF(t.typanalyze::oid, 0)::pg_catalog.regproc::text,
                -- Since version 14.
                'SUBSCRIPT = ' || NULLIF(pg_catalog.to_jsonb(t) ->> 'typsubscript', '-'),
                'INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'VARIABLE' ELSE t.typlen::text END,
                CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
                'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END,
                'STORAGE = ' || CASE t.typstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END,
                'CATEGORY = ' || pg_catalog.quote_literal(t.typcategory::text), CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
                'DEFAULT = ' || pg_catalog.quote_literal(t.typdefault), 'ELEMENT = ' || pg_catalog.format_type(NULLIF(t.typelem, 0), NULL),
                'DELIMITER = ' || pg_catalog.quote_literal(t.typdelim::text), CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END), '')
       END,
       pg_catalog.pg_get_userbyid(t.typowner), {grants}, {comment}
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE {is_users} AND {is_no_member}
  AND t.typtype IN ('b', 'c', 'd', 'e', 'p', 'r') AND (t.typtype <> 'c' OR c.relkind = 'c')
  -- The type of its arrays comes and goes with each type.
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type one WHERE one.typarray = t.oid)
