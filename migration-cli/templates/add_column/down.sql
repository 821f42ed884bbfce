-- {{title}}: take it back

ALTER TABLE {{table}} DROP COLUMN {{column}};
