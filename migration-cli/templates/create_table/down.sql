-- {{title}}: take it back

DROP TABLE {{table}};
