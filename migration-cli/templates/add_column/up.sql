-- {{title}}
--
-- Write the type in place of <type>. A column that may be NULL, or has a constant default, is added at
-- once, however large the table is. Where every row needs a value of its own: add the column, fill it in
-- a migration of its own, and only then set NOT NULL.

ALTER TABLE {{table}} ADD COLUMN {{column}} <type>;
