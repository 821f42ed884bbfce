SELECT CASE
    WHEN NOT {held} THEN {gave_back}
    WHEN pg_catalog.current_setting('migrate.inside', true) IS DISTINCT FROM 'yes' AND pg_catalog.query_to_xml({inside}, false, true, '')::pg_catalog.text = ''
        THEN {ended}
END::pg_catalog.int4
