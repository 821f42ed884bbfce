DO ${tag}$
#variable_conflict use_column
DECLARE
    outcome CONSTANT text := CASE (
{query}
    ) WHEN true THEN 'true' WHEN false THEN 'false' ELSE 'null, or no row' END;
BEGIN
    IF outcome <> 'true' THEN
        RAISE EXCEPTION USING ERRCODE = 'MG005', MESSAGE = 'the query that is to give true gave ' || outcome;
    END IF;
END ${tag}$
