SELECT {id}, 'operator', n.nspname, NULL,
       o.oprname || '(' || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END || ', '
       || CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END || ')',
       pg_catalog.concat_ws(', ', 'FUNCTION = ' || o.oprcode::text,
            'LEFTARG = ' || pg_catalog.format_type(NULLIF(o.oprleft, 0), NULL), 'RIGHTARG = ' || pg_catalog.format_type(NULLIF(o.oprright, 0), NULL),
            'COMMUTATOR = ' || (SELECT pg_catalog.format('OPERATOR(%I.%s)', s.nspname, c.oprname)
                FROM pg_catalog.pg_operator c JOIN pg_catalog.pg_namespace s ON s.oid = c.oprnamespace WHERE c.oid = o.oprcom),
            'NEGATOR = ' || (SELECT pg_catalog.format('OPERATOR(%I.%s)', s.nspname, c.oprname)
                FROM pg_catalog.pg_operator c JOIN pg_catalog.pg_namespace s ON s.oid = c.oprnamespace WHERE c.oid = o.oprnegate),
            'RESTRICT = ' || NULLIF(o.oprrest::oid, 0)::pg_catalog.regproc::text,
            'JOIN = ' || NULLIF(o.oprjoin::oid, 0)::pg_catalog.regproc::text,
            CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END),
       pg_catalog.pg_get_userbyid(o.oprowner), {comment}
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE {is_users} AND {is_no_member}
