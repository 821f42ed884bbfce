-- What became of the tables since the snapshot: the rows of the catalogs are as old as it is, what these functions say
-- is not. A table that was rewritten or truncated looks empty to it.
WITH RECURSIVE root AS (
    SELECT c.oid, c.relkind FROM pg_catalog.pg_class c WHERE c.oid IN ({tables})
), tree AS (
    SELECT root.oid AS root, root.oid AS relation FROM root
    UNION
    SELECT tree.root, i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relation
), now AS (
    SELECT root.oid AS root, p.relid::oid AS relation
    FROM root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) p WHERE root.relkind = 'p'
), changed AS (
    SELECT c.oid FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.relation
    WHERE c.relkind = 'r' AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
    UNION ALL
    (SELECT gone.relation FROM
        (SELECT tree.root, tree.relation FROM tree JOIN root ON root.oid = tree.root AND root.relkind = 'p'
         EXCEPT SELECT now.root, now.relation FROM now) AS gone)
    UNION ALL
    (SELECT come.root FROM
        (SELECT now.root, now.relation FROM now EXCEPT SELECT tree.root, tree.relation FROM tree) AS come)
)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM changed JOIN pg_catalog.pg_class c ON c.oid = changed.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1 LIMIT 1
