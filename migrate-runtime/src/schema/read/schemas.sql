SELECT {id}, 'schema', NULL, NULL, n.nspname,
       pg_catalog.pg_get_userbyid(n.nspowner), {grants}, {comment}
FROM pg_catalog.pg_namespace n
WHERE {is_users} AND {is_no_member}
