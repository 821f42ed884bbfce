DO $migrate$
DECLARE
    changed text;
BEGIN
    FOR changed IN SELECT name FROM pg_catalog.pg_settings WHERE source = 'session' LOOP
        EXECUTE pg_catalog.format('RESET %I', changed);
    END LOOP;
END $migrate$
