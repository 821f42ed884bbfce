-- {{title}}
--
-- Write the table, the column and the value in place of what is in angle brackets. The condition makes
-- the script safe to run on rows that already have a value. All rows change in one transaction, and stay
-- locked until its end: beside live traffic, keep the number of rows small.

UPDATE <table>
SET <column> = <value>
WHERE <column> IS NULL;
