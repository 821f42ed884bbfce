INSERT INTO party VALUES ('Smith);
