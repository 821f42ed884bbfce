WITH related AS (
{related}
)
-- Partitions, indexes and the contents of a schema are told together, where what partitions hold counts once.
SELECT it.place, it.named::pg_catalog.regclass::text, pg_catalog.count(*),
       (pg_catalog.sum(it.bytes) FILTER (WHERE NOT it.is_counted))::pg_catalog.int8,
       CASE WHEN pg_catalog.bool_and(it.rows >= 0) FILTER (WHERE NOT it.is_counted)
           THEN (pg_catalog.sum(it.rows) FILTER (WHERE NOT it.is_counted))::pg_catalog.int8 END,
       pg_catalog.bool_and(it.is_table)
FROM (
    SELECT related.place, size.bytes, size.rows, c.relkind = 'p' AND related.whose IN ('partitions', 'schema') AS is_counted,
           c.relkind IN ('r', 'p', 'm') AND related.whose NOT IN ('partitions', 'schema') AS is_table,
           CASE WHEN related.whose IN ('partitions', 'indexes') THEN related.base
                WHEN related.whose = 'schema' THEN NULL ELSE c.oid END AS named
    FROM related
    JOIN pg_catalog.pg_class c ON c.oid = related.oid
    CROSS JOIN LATERAL (
        -- What was never counted has -1 (before PostgreSQL 14: 0 pages and 0 rows).
        SELECT COALESCE(pg_catalog.sum({bytes}), 0) AS bytes,
               COALESCE(CASE WHEN pg_catalog.bool_and(t.reltuples >= 0) THEN pg_catalog.sum(t.reltuples::pg_catalog.numeric) END, -1) AS rows
        FROM pg_catalog.pg_class t
        WHERE t.relkind NOT IN ('p', 'I', 'v')
          AND (t.oid = c.oid OR c.relkind = 'p' AND t.oid IN (
                  WITH RECURSIVE below (oid) AS (
                      SELECT c.oid UNION SELECT i.inhrelid FROM below JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid
                  )
                  SELECT below.oid FROM below))
    ) AS size
) AS it
GROUP BY it.place, it.named ORDER BY it.place, it.named::pg_catalog.regclass::text
