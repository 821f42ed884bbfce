SELECT 'operator', n.nspname, NULL,
       o.oprname || '(' || CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END || ', '
       || CASE WHEN o.oprright = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprright, NULL) END || ')',
       pg_catalog.concat_ws(', ', 'FUNCTION = ' || o.oprcode::text,
            'COMMUTATOR = ' || NULLIF(o.oprcom, 0)::pg_catalog.regoperator::text,
            'NEGATOR = ' || NULLIF(o.oprnegate, 0)::pg_catalog.regoperator::text,
            'RESTRICT = ' || NULLIF(o.oprrest::oid, 0)::pg_catalog.regproc::text,
            'JOIN = ' || NULLIF(o.oprjoin::oid, 0)::pg_catalog.regproc::text,
            CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END),
       pg_catalog.pg_get_userbyid(o.oprowner), {comment}
FROM pg_catalog.pg_operator o
JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE {is_users} AND {is_no_member}
