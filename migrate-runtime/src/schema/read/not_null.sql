LEFT JOIN pg_catalog.pg_constraint s ON s.contype = 'n' AND s.conrelid = a.attrelid AND s.conkey[1] = a.attnum
