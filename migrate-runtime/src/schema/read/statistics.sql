SELECT {id}, 'statistics', n.nspname, NULL, s.stxname,
       pg_catalog.pg_get_statisticsobjdef(s.oid),
       NULLIF(s.stxstattarget, -1),
       pg_catalog.pg_get_userbyid(s.stxowner), {comment}
FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE {is_users} AND {is_no_member}
