SELECT it.place, it.whose, it.strength, t.oid, base.oid AS base
FROM (VALUES {names}) AS it (place, name, whose, strength, is_plain)
-- The schema `public` is left out of the names. What is no name of the sort, or has a schema already, would be an error
-- of the functions: CASE keeps it from them.
CROSS JOIN LATERAL (SELECT COALESCE(pg_catalog.to_regclass(it.name),
                                    CASE WHEN it.is_plain THEN pg_catalog.to_regclass('public.' || it.name) END)::oid AS oid) AS base
CROSS JOIN LATERAL (
    SELECT base.oid WHERE it.whose = 'itself' AND base.oid IS NOT NULL
    -- Not by pg_partition_tree, which waits for whoever has locked one of them.
    UNION (
        WITH RECURSIVE below (oid) AS (
            SELECT base.oid WHERE it.whose = 'partitions'
            UNION SELECT i.inhrelid FROM below
            JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
        )
        SELECT below.oid FROM below WHERE below.oid <> base.oid
    )
    UNION SELECT p.partdefid FROM pg_catalog.pg_partitioned_table p
          WHERE it.whose = 'default_partition' AND p.partrelid = base.oid AND p.partdefid <> 0
    UNION SELECT k.confrelid FROM pg_catalog.pg_constraint k
          WHERE it.whose = 'referenced' AND k.contype = 'f' AND k.conrelid = base.oid AND k.confrelid <> base.oid
            -- One that a partition has from its parent stays with the parent.
            AND k.conparentid = 0
    UNION SELECT k.conrelid FROM pg_catalog.pg_constraint k
          WHERE it.whose = 'referencing' AND k.contype = 'f' AND k.confrelid = base.oid AND k.conrelid <> base.oid
    UNION SELECT i.indrelid FROM pg_catalog.pg_index i WHERE it.whose = 'table_of_index' AND i.indexrelid = base.oid
    UNION SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE it.whose = 'indexes' AND i.indrelid = base.oid
    UNION SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
          WHERE it.whose = 'users' AND a.atttypid = CASE WHEN it.whose = 'users' THEN COALESCE(pg_catalog.to_regtype(it.name),
                                 CASE WHEN it.is_plain THEN pg_catalog.to_regtype('public.' || it.name) END) END
            AND c.relkind IN ('r', 'p', 'm') AND NOT a.attisdropped
    UNION SELECT c.oid FROM pg_catalog.pg_class c
          WHERE it.whose = 'schema' AND c.relnamespace = CASE WHEN it.whose = 'schema' THEN pg_catalog.to_regnamespace(it.name) END AND c.relkind IN ('r', 'p', 'm', 'v', 'S')
    UNION (
        WITH RECURSIVE over (oid) AS (
            SELECT base.oid WHERE it.whose = 'views'
            UNION
            SELECT r.ev_class FROM over
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = over.oid
                                       AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
        )
        SELECT over.oid FROM over WHERE over.oid <> base.oid
    )
) AS t (oid)
