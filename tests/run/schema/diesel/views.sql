-- Diesel 2.3 prints no views: the text is ours alone.
CREATE TABLE post (id int PRIMARY KEY, title varchar(80) NOT NULL, body text);
CREATE VIEW title AS SELECT title, id FROM post;
CREATE VIEW total AS SELECT count(*) AS posts, sum(length(body)) AS letters FROM post;
CREATE VIEW nothing AS SELECT FROM post;
CREATE MATERIALIZED VIEW "first post" AS SELECT * FROM post ORDER BY id LIMIT 1;
