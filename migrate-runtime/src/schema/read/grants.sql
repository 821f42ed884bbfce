CASE WHEN {acl} IS NOT NULL THEN
    (SELECT NULLIF(COALESCE(g.now, 'none'), COALESCE(g.unless_told, 'none')) FROM
        (SELECT (SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line COLLATE pg_catalog."C")
                 FROM (SELECT pg_catalog.string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type) || ' TO ' || {grantee}
                       FROM pg_catalog.aclexplode({acl}) x GROUP BY x.grantee, x.is_grantable) AS lines (line)),
                (SELECT pg_catalog.string_agg(line, E'\n' ORDER BY line COLLATE pg_catalog."C")
                 FROM (SELECT pg_catalog.string_agg(DISTINCT x.privilege_type, ', ' ORDER BY x.privilege_type) || ' TO ' || {grantee}
                       FROM pg_catalog.aclexplode({default}) x GROUP BY x.grantee, x.is_grantable) AS lines (line)))
        AS g (now, unless_told))
END
