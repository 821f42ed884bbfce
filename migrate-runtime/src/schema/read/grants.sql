CASE WHEN {acl} IS NOT NULL THEN
    -- What is there and not there unless told, and the other way round.
    (SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line COLLATE pg_catalog."C") FROM
        (SELECT x.word || pg_catalog.string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) || ' TO ' || {grantee}
         FROM (SELECT '' AS word, told.* FROM
                  (SELECT grantee, is_grantable, privilege_type FROM pg_catalog.aclexplode({acl})
                   EXCEPT SELECT grantee, is_grantable, privilege_type FROM pg_catalog.aclexplode({default})) AS told
               UNION ALL SELECT 'no ', untold.* FROM
                  (SELECT grantee, is_grantable, privilege_type FROM pg_catalog.aclexplode({default})
                   EXCEPT SELECT grantee, is_grantable, privilege_type FROM pg_catalog.aclexplode({acl})) AS untold) AS x
         GROUP BY x.word, x.grantee, x.is_grantable) AS lines (line))
END
