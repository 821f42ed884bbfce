SELECT it.name, c.oid IS NOT NULL, pg_catalog.pg_has_role(c.relowner, 'USAGE'),
       pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner)),
       pg_catalog.array_to_string(ARRAY(SELECT need FROM pg_catalog.unnest(pg_catalog.string_to_array(it.needs, ' ')) AS need
                                        WHERE NOT pg_catalog.has_table_privilege(c.oid, need)), ', '),
       -- What a column takes its number from; that of an identity needs no right.
       (SELECT pg_catalog.min(s.oid::pg_catalog.regclass::text)
        FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_class s ON s.oid = e.objid
        WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.refobjid = c.oid AND e.deptype = 'a'
          -- Of anything else it would be an error, in whatever order the conditions are looked at.
          AND CASE WHEN s.relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE') END),
       (SELECT o.rolsuper FROM pg_catalog.pg_roles o WHERE o.oid = c.relowner)
FROM (VALUES (1, '_migrations', 'SELECT INSERT UPDATE DELETE'), (2, '_migrations_log', 'SELECT INSERT'),
             (3, '_migrations_script', 'SELECT INSERT UPDATE DELETE'),
             (4, '_migrations_progress', 'SELECT INSERT UPDATE DELETE'),
             (5, '_migrations_meta', 'SELECT INSERT UPDATE')) AS it (place, name, needs)
LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass({prefix} || it.name)
ORDER BY it.place;
SELECT i.indexrelid FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'version'
WHERE i.indrelid = pg_catalog.to_regclass({prefix} || '_migrations') AND i.indisunique AND i.indisvalid
  AND i.indkey::text = a.attnum::text;
-- Before UPDATE, DELETE and TRUNCATE.
SELECT t.tgenabled IN ('O', 'A'),
       t.tgtype & 58 = 58 AND t.tgfoid = pg_catalog.to_regprocedure({prefix} || '_migrations_log_append_only()')
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = pg_catalog.to_regclass({prefix} || '_migrations_log') AND t.tgname = 'append_only'
