-- {{title}}
--
-- Programs that still run must not use the column any more: deploy that first.

ALTER TABLE {{table}} DROP COLUMN {{column}};
