-- Every foreign key and check constraint, with the parts that a query over its rows is made of. Names are quoted
-- and qualified: the search path is pg_catalog.
WITH RECURSIVE column_of AS (
    SELECT a.attrelid, a.attnum, pg_catalog.quote_ident(a.attname) AS name, a.atttypid, a.attcollation
    FROM pg_catalog.pg_attribute a WHERE NOT a.attisdropped
), keyed AS (
    SELECT i.indrelid, pg_catalog.string_agg(c.name, E'\x1f' ORDER BY k.place) AS columns
    FROM pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k (attnum, place), column_of c
    WHERE i.indisprimary AND k.place <= i.indnkeyatts AND c.attrelid = i.indrelid AND c.attnum = k.attnum
    GROUP BY i.indrelid
), matched AS (
    SELECT f.oid,
           pg_catalog.string_agg(pg_catalog.concat('pk.', pk.name,
               -- As PostgreSQL's own check has them: the types of the operator, and the collation of the key.
               CASE WHEN l.typtype <> 'p' AND l.oid <> pk.atttypid THEN pg_catalog.format('::%I.%I', ln.nspname, l.typname) END,
               pg_catalog.format(' OPERATOR(%I.%s) ', opn.nspname, o.oprname), 'fk.', fk.name,
               CASE WHEN r.typtype <> 'p' AND r.oid <> fk.atttypid THEN pg_catalog.format('::%I.%I', rn.nspname, r.typname) END,
               CASE WHEN co.oid IS NOT NULL THEN pg_catalog.format(' COLLATE %I.%I', con.nspname, co.collname) END),
               ' AND ' ORDER BY k.place) AS condition,
           pg_catalog.string_agg(fk.name, E'\x1f' ORDER BY k.place) AS columns,
           (pg_catalog.array_agg(pk.name ORDER BY k.place))[1] AS first
    FROM pg_catalog.pg_constraint f
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey), pg_catalog.unnest(f.conpfeqop))
        WITH ORDINALITY AS k (fk, pk, operator, place)
    JOIN pg_catalog.pg_operator o ON o.oid = k.operator
    JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace
    JOIN pg_catalog.pg_type l ON l.oid = o.oprleft
    JOIN pg_catalog.pg_namespace ln ON ln.oid = l.typnamespace
    JOIN pg_catalog.pg_type r ON r.oid = o.oprright
    JOIN pg_catalog.pg_namespace rn ON rn.oid = r.typnamespace
    JOIN column_of fk ON fk.attrelid = f.conrelid AND fk.attnum = k.fk
    JOIN column_of pk ON pk.attrelid = f.confrelid AND pk.attnum = k.pk
    LEFT JOIN pg_catalog.pg_collation co ON co.oid = pk.attcollation AND pk.attcollation <> fk.attcollation
    LEFT JOIN pg_catalog.pg_namespace con ON con.oid = co.collnamespace
    WHERE f.contype = 'f'
    GROUP BY f.oid
), based (type, base) AS (
    -- What is below a domain, which may be a domain as well.
    SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION
    SELECT b.type, t.typbasetype FROM based b JOIN pg_catalog.pg_type t ON t.oid = b.base AND t.typtype = 'd'
), held (domain, type, is_inside) AS (
    -- The types whose values are of a domain: itself, domains over it, and what has such values inside.
    SELECT t.oid, t.oid, false FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
    UNION
    SELECT it.domain, next.type, it.is_inside OR next.is_inside
    FROM held it CROSS JOIN LATERAL (
        SELECT t.oid, false FROM pg_catalog.pg_type t WHERE t.typtype = 'd' AND t.typbasetype = it.type
        UNION ALL
        SELECT t.typarray, true FROM pg_catalog.pg_type t WHERE t.oid = it.type AND t.typarray <> 0
        UNION ALL
        SELECT r.reltype, true FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
        WHERE a.atttypid = it.type AND a.attnum > 0 AND NOT a.attisdropped AND r.reltype <> 0
        UNION ALL
        -- Older servers have no multiranges.
        SELECT m.oid, true FROM pg_catalog.pg_range r
        CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[r.rngtypid, (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid]) AS m (oid)
        WHERE r.rngsubtype = it.type AND m.oid IS NOT NULL
    ) AS next (type, is_inside)
), listed AS (
    SELECT c.oid, c.contype::text AS sort, c.conname, c.conrelid AS relation, c.confrelid, c.confmatchtype,
           c.connoinherit, NULL::text AS value, pg_catalog.to_jsonb(c) AS facts,
           -- That of a check is asked for when its turn comes: it takes a lock.
           NULL::text AS expression, false AS is_inside
    FROM pg_catalog.pg_constraint c
    -- Those of partitions and children are looked at with the one that they come from.
    WHERE c.contype IN ('c', 'f') AND c.conrelid <> 0 AND c.conparentid = 0 AND c.coninhcount = 0
    UNION ALL
    -- Of a domain: one for each column that has it. Below it is what is no domain: a cast to one would compare.
    SELECT c.oid, 'd', c.conname, a.attrelid, 0, NULL, false,
           pg_catalog.concat(pg_catalog.quote_ident(a.attname), '::' || pg_catalog.format_type(base.oid, -1)),
           pg_catalog.to_jsonb(c), pg_catalog.pg_get_expr(c.conbin, 0), held.is_inside
    FROM pg_catalog.pg_constraint c
    JOIN held ON held.domain = c.contypid
    JOIN pg_catalog.pg_attribute a ON a.atttypid = held.type AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
    JOIN pg_catalog.pg_class r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'f')
    LEFT JOIN (based b JOIN pg_catalog.pg_type base ON base.oid = b.base AND base.typtype <> 'd')
        ON b.type = held.type AND NOT held.is_inside
    WHERE c.contype = 'c'
)
SELECT it.sort, pg_catalog.quote_ident(it.conname),
       pg_catalog.format('%I.%I', n.nspname, r.relname), pg_catalog.quote_ident(n.nspname), r.relkind,
       r.relhassubclass, it.connoinherit, keyed.columns, it.expression, it.value,
       CASE WHEN p.oid IS NOT NULL THEN pg_catalog.format('%I.%I', pn.nspname, p.relname) END,
       pg_catalog.quote_ident(pn.nspname), p.relkind,
       it.confmatchtype, matched.condition, matched.columns, matched.first,
       it.facts ->> 'conperiod', it.facts ->> 'conenforced',
       pg_catalog.row_security_active(r.oid) OR COALESCE(pg_catalog.row_security_active(p.oid), false),
       it.oid, r.oid, p.oid, it.is_inside
FROM listed it
JOIN pg_catalog.pg_class r ON r.oid = it.relation
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_class p ON p.oid = it.confrelid
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
LEFT JOIN keyed ON keyed.indrelid = r.oid
LEFT JOIN matched ON matched.oid = it.oid
WHERE it.oid >= 16384 AND r.oid >= 16384 AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
ORDER BY n.nspname, r.relname, it.sort, it.conname, it.value
