SELECT CASE
    WHEN NOT {held} THEN 'MG004: the script gave the lock back'
    WHEN pg_catalog.current_setting('migrate.inside', true) IS DISTINCT FROM 'yes' AND pg_catalog.query_to_xml({inside}, false, true, '')::text = ''
        THEN 'MG004: the script ended the transaction'{prepared}
END::pg_catalog.int4
