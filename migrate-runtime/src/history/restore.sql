DO $migrate$
DECLARE
    changed text;
BEGIN
    -- The settings of the transaction itself cannot be reset.
    FOR changed IN SELECT name FROM pg_catalog.pg_settings WHERE source = 'session' AND name NOT LIKE 'transaction\_%' LOOP
        EXECUTE pg_catalog.format('RESET %I', changed);
    END LOOP;
END $migrate$
