SELECT pg_catalog.current_database(),
       -- For as long as the proof takes, nothing is asked here.
       CASE WHEN pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL THEN
           pg_catalog.set_config('idle_session_timeout', '0', false)
       END
