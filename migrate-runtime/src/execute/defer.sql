DO $migrate$
DECLARE
    deferred record;
BEGIN
    FOR deferred IN SELECT DISTINCT n.nspname, c.conname
                    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
                    WHERE c.condeferrable AND c.condeferred LOOP
        EXECUTE pg_catalog.format('SET CONSTRAINTS %I.%I DEFERRED', deferred.nspname, deferred.conname);
    END LOOP;
END $migrate$
