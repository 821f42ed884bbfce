-- The triggers that keep a foreign key have no names of their own.
DO ${tag}$
DECLARE
    it record;
BEGIN
    FOR it IN
        SELECT t.tgrelid::pg_catalog.regclass AS relation, t.tgname
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_constraint s ON s.oid = t.tgconstraint
        WHERE s.conrelid = {table}::pg_catalog.regclass AND s.conname = {name}
          AND t.tgrelid = ANY (ARRAY[{tables}]::pg_catalog.regclass[])
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', it.relation, it.tgname);
    END LOOP;
END
${tag}$
