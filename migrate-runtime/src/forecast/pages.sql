(t.relpages
    + COALESCE((SELECT pg_catalog.sum(i.relpages) FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
                WHERE x.indrelid = t.oid), 0)
    + COALESCE((SELECT o.relpages FROM pg_catalog.pg_class o WHERE o.oid = t.reltoastrelid), 0))
    * pg_catalog.current_setting('block_size')::pg_catalog.int8
