SELECT it.place, c.oid::pg_catalog.regclass::text, size.bytes::pg_catalog.int8, size.rows::pg_catalog.int8
FROM (VALUES {names}) AS it (place, name)
JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(it.name) AND c.relkind IN ('r', 'p', 'm')
CROSS JOIN LATERAL (
    -- What was never counted has -1 (before PostgreSQL 14: 0 pages and 0 rows).
    SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(t.oid)) AS bytes,
           CASE WHEN pg_catalog.bool_and(t.reltuples >= 0) THEN pg_catalog.sum(t.reltuples::pg_catalog.numeric) END AS rows
    FROM pg_catalog.pg_class t
    WHERE t.relkind <> 'p' AND (t.oid = c.oid OR t.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)))
) AS size
ORDER BY 1, 2
