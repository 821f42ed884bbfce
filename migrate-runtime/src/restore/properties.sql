WITH it AS (
    SELECT d.oid, d.datdba, d.datacl, d.dattablespace, pg_catalog.to_jsonb(d) AS d
    FROM pg_catalog.pg_database d WHERE d.datname = {name}
), word AS (
    SELECT 'owner' AS kind, '' AS key, pg_catalog.pg_get_userbyid(datdba)::text AS value FROM it
    UNION ALL SELECT 'encoding', '', pg_catalog.pg_encoding_to_char((d ->> 'encoding')::int)::text FROM it
    -- Servers before 15 know libc alone, and no word for it.
    UNION ALL SELECT 'provider', '', d ->> 'datlocprovider' FROM it
    UNION ALL SELECT 'collate', '', d ->> 'datcollate' FROM it
    UNION ALL SELECT 'ctype', '', d ->> 'datctype' FROM it
    -- Renamed in 17.
    UNION ALL SELECT 'locale', '', COALESCE(d ->> 'datlocale', d ->> 'daticulocale') FROM it
    UNION ALL SELECT 'rules', '', d ->> 'daticurules' FROM it
    UNION ALL SELECT 'tablespace', '', t.spcname::text
        FROM it JOIN pg_catalog.pg_tablespace t ON t.oid = it.dattablespace
    UNION ALL SELECT 'limit', '', d ->> 'datconnlimit' FROM it
    UNION ALL SELECT 'template', '', d ->> 'datistemplate' FROM it
    UNION ALL SELECT 'connections', '', d ->> 'datallowconn' FROM it
    UNION ALL SELECT 'comment', '', pg_catalog.shobj_description(oid, 'pg_database') FROM it
    UNION ALL SELECT 'label', l.provider, l.label
        FROM it JOIN pg_catalog.pg_shseclabel l ON l.objoid = it.oid AND l.classoid = 'pg_catalog.pg_database'::regclass
    -- Nobody has chosen who may do what: that is no right of nobody's.
    UNION ALL SELECT 'rights', '', CASE WHEN datacl IS NULL THEN 'default' ELSE 'chosen' END FROM it
    UNION ALL SELECT 'right', pg_catalog.concat_ws(E'\x1f', pg_catalog.pg_get_userbyid(a.grantor),
            CASE a.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(a.grantee)::text END, a.privilege_type),
            a.is_grantable::text
        FROM it, LATERAL pg_catalog.aclexplode(it.datacl) a
    UNION ALL SELECT 'setting', pg_catalog.concat_ws(E'\x1f',
            CASE s.setrole WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(s.setrole)::text END,
            pg_catalog.split_part(c, '=', 1)), pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1)
        FROM it JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = it.oid, LATERAL pg_catalog.unnest(s.setconfig) c
)
SELECT kind, key, value FROM word WHERE value IS NOT NULL ORDER BY kind, key, value
