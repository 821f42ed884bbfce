-- {{title}}
--
-- Write the table, its key, the column and the value in place of what is in angle brackets. The UPDATE
-- runs in batches, each committed by itself: nobody waits for longer than one of them, and what stops
-- on the way goes on behind the last one. The key has an index and is never NULL, best the primary key;
-- several columns are key=a,b. Programs that still run must give new rows their value already. The query
-- at the end has to give true, else the migration fails.

-- migrate:batch table=<table> key=<key> pause=50ms
UPDATE <table>
SET <column> = <value>
WHERE <key> >= :batch_start AND <key> < :batch_end
    AND <column> IS NULL;

-- migrate:verify
SELECT NOT EXISTS (SELECT FROM <table> WHERE <column> IS NULL);
