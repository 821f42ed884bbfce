WITH parts (place, line) AS (
    SELECT 1, c.relkind::text || ' ' || c.relname || ': ' || (
            SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ', ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'S')
    UNION ALL
    SELECT 2, concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indislive)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 3, c.relname || ' has ' || query_to_xml(format('SELECT t FROM %s t ORDER BY t::text', c.oid::regclass), true, false, '')
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE '\_migrations%'
    UNION ALL SELECT 4, 'ran ' || concat_ws(' ', version, name, checksum) FROM _migrations
    UNION ALL SELECT 5, 'log ' || concat_ws(' ', command, version, direction, outcome, sqlstate, message) FROM _migrations_log
    UNION ALL SELECT 6, 'kept ' || concat_ws(' ', version, down_checksum, mode) FROM _migrations_script
    UNION ALL SELECT 7, 'unfinished ' || concat_ws(' ', version, direction, statement) FROM _migrations_progress
    UNION ALL SELECT 8, 'lock ' || concat_ws(' ', classid, objid, pid) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT line FROM parts ORDER BY place, line
