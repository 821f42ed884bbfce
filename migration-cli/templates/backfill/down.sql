-- {{title}}: take it back
--
-- Write the same in place of what is in angle brackets: what has the value loses it. It runs also where
-- the up script has stopped on the way. Where the old values cannot be told from the new ones, replace
-- everything here by one line: "-- migrate:irreversible because", and the reason.

-- migrate:batch table=<table> key=<key> pause=50ms
UPDATE <table>
SET <column> = NULL
WHERE <key> >= :batch_start AND <key> < :batch_end
    AND <column> = <value>;
