-- The template of the state with the checksum $1, for this role: what it is called, whether it is there, and what
-- its comment is to say and whether it does not yet. And the statements that give its copy, the database $2, a
-- comment, and what belongs to a database as a whole, which `CREATE DATABASE … TEMPLATE` leaves out: settings and rights.
WITH it AS (
    SELECT w.name, d.oid, d.datacl
    FROM (SELECT 'migration_template_' || pg_catalog."left"(pg_catalog.encode(pg_catalog.sha256(
        pg_catalog.convert_to($1::text || current_user, 'UTF8')), 'hex'), 16) AS name) w
    LEFT JOIN pg_catalog.pg_database d ON d.datname = w.name
), setting AS (
    SELECT s.setrole, c.place, pg_catalog.split_part(c.text, '=', 1) AS name,
        pg_catalog.substr(c.text, pg_catalog.strpos(c.text, '=') + 1) AS value
    FROM it JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = it.oid,
        LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY c (text, place)
), statement AS (
    SELECT s.place, CASE s.setrole WHEN 0 THEN pg_catalog.format('ALTER DATABASE %I', $2::text)
            ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I', pg_catalog.pg_get_userbyid(s.setrole), $2::text) END
        || pg_catalog.format(' SET %I TO ', s.name)
        -- A list is kept as it was written, but for a name without a letter.
        || CASE WHEN pg_catalog.lower(s.name) IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
                'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')
            THEN pg_catalog.regexp_replace(s.value, '(^|, )""(?=,|$)', '\1''''', 'g')
            ELSE pg_catalog.quote_literal(s.value) END AS sql
    FROM setting s
    UNION ALL
    SELECT 10000, pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC, CURRENT_USER', $2::text)
    FROM it WHERE it.datacl IS NOT NULL
    UNION ALL
    SELECT 10001, pg_catalog.format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, $2::text,
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM it, LATERAL pg_catalog.aclexplode(it.datacl) a
), comment AS (
    SELECT 'A template for tests, made by migrate-runtime, last used on ' || today AS of_template,
        'A database of a test, made by migrate-runtime on ' || today AS of_copy
    FROM pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD') today
)
SELECT it.name, it.oid IS NOT NULL, c.of_template,
       pg_catalog.shobj_description(it.oid, 'pg_database') IS DISTINCT FROM c.of_template,
       pg_catalog.concat_ws(E';\n', pg_catalog.format('COMMENT ON DATABASE %I IS %L', $2::text, c.of_copy),
           (SELECT pg_catalog.string_agg(sql, E';\n' ORDER BY place, sql) FROM statement))
FROM it, comment c
