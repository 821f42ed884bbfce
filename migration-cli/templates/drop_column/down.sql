-- {{title}}: take it back
--
-- Write the type in place of <type>. The values are lost: where that matters, replace everything here by
-- one line: "-- migrate:irreversible because", and the reason.

ALTER TABLE {{table}} ADD COLUMN {{column}} <type>;
