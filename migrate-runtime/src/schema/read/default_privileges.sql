SELECT {id}, 'default privileges', n.nspname, NULL,
       CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
            WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE a.defaclobjtype::text END
       || ' of ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.defaclrole)),
       {grants}
FROM pg_catalog.pg_default_acl a
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = a.defaclnamespace
WHERE {is_no_member}
