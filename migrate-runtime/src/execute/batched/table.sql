WITH wanted AS (SELECT pg_catalog.to_regclass({table}) AS oid),
key AS (
    SELECT k.n, a.attname, a.attnum, a.atttypid, a.attcollation,
           -- One that is not validated, of PostgreSQL 18, says nothing of the rows that there are.
           a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint n
               WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND NOT n.convalidated AND a.attnum = ANY (n.conkey)) AS attnotnull
    FROM pg_catalog.unnest({key}::text[]) WITH ORDINALITY AS k (name, n)
    LEFT JOIN pg_catalog.pg_attribute a
        ON a.attrelid = (SELECT oid FROM wanted) AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped
)
SELECT pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.relname), pg_catalog.quote_ident(key.attname),
       -- Without -1, `character` is one of a single character.
       pg_catalog.format_type(key.atttypid, -1), key.attnotnull, c.oid,
       {insertions},
       EXISTS (SELECT FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
               JOIN pg_catalog.pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
               WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
                 AND i.indnkeyatts >= (SELECT pg_catalog.count(*) FROM key) AND NOT EXISTS (
                   SELECT FROM key WHERE i.indkey[key.n - 1] IS DISTINCT FROM key.attnum
                       OR i.indcollation[key.n - 1] <> key.attcollation
                       -- All of them ascending with NULL last, or all the other way round: as rows are compared.
                       OR i.indoption[key.n - 1] <> i.indoption[0] OR i.indoption[0] NOT IN (0, 3)
                       OR NOT (SELECT opcdefault FROM pg_catalog.pg_opclass WHERE oid = i.indclass[key.n - 1]))),
       -- Where `<` does not mean what the index means by it, another operator would be found.
       (SELECT pg_catalog.quote_ident(os.nspname)
        FROM pg_catalog.pg_opclass oc
        JOIN pg_catalog.pg_am am ON am.oid = oc.opcmethod AND am.amname = 'btree'
        JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype
            AND ao.amoprighttype = oc.opcintype AND ao.amopstrategy = 1
        JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr
        JOIN pg_catalog.pg_namespace os ON os.oid = o.oprnamespace
        WHERE oc.opcdefault AND oc.opcintype = COALESCE(NULLIF(t.typbasetype, 0), t.oid) AND NOT pg_catalog.pg_operator_is_visible(o.oid)
        LIMIT 1),
       c.relkind
FROM key
LEFT JOIN pg_catalog.pg_class c ON c.oid = (SELECT oid FROM wanted)
LEFT JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_type t ON t.oid = key.atttypid
ORDER BY key.n
