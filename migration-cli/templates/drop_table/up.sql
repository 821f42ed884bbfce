-- {{title}}
--
-- Without CASCADE: if something still depends on it, the server says what.

DROP TABLE {{table}};
