SELECT (SELECT i.inhdetachpending FROM pg_catalog.pg_inherits i
        WHERE i.inhparent = (p.cursor #>> '{before,table}')::pg_catalog.oid
          AND i.inhrelid = (p.cursor #>> '{before,partition}')::pg_catalog.oid),
       pg_catalog.format('ALTER TABLE %s DETACH PARTITION %s FINALIZE',
        (p.cursor #>> '{before,table}')::pg_catalog.oid::pg_catalog.regclass,
        (p.cursor #>> '{before,partition}')::pg_catalog.oid::pg_catalog.regclass)
FROM {schema}._migrations_progress p
WHERE p.version = {version} AND p.direction = {direction} AND p.cursor #> '{before,table}' IS NOT NULL
