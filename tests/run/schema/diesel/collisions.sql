-- collisions: print-schema
-- collisions_elsewhere: print-schema --schema elsewhere
-- collisions_deep: print-schema --schema deep --with-docs

-- Names that are the same in Rust, a word of its edition 2024, and names that `table!` has itself: Diesel prints them, and
-- it does not compile.
CREATE TABLE "a b" (id int PRIMARY KEY, "c d" int, "c-d" int, "c_d" int, gen int, "é" int, "ö" int);
CREATE TABLE a_b (id int PRIMARY KEY);
CREATE TABLE "a-b" (id int PRIMARY KEY, a_b_id int REFERENCES a_b, "a b id" int REFERENCES "a b");
CREATE TABLE "while" (id int PRIMARY KEY, "while" int REFERENCES a_b);
CREATE TABLE inside (id int PRIMARY KEY, star int, "all_columns" int, "SqlType" int, dsl int);
CREATE TYPE mood AS ENUM ('a');
CREATE TYPE "Mood" AS ENUM ('a');
CREATE TABLE moods (id int PRIMARY KEY, a mood, b "Mood");

-- Types whose names rustfmt cannot read: the text is as Diesel wrote it.
CREATE SCHEMA elsewhere;
CREATE TYPE elsewhere."2fa" AS ENUM ('a');
CREATE TABLE elsewhere.one (id int PRIMARY KEY, a elsewhere."2fa");
CREATE TABLE elsewhere.two (id int PRIMARY KEY REFERENCES elsewhere.one);
CREATE SCHEMA deep;
CREATE TYPE deep.self AS ENUM ('a');
CREATE TYPE deep.other AS ENUM ('a');
CREATE TABLE deep.one (id int PRIMARY KEY, a deep.self, b deep.other);
CREATE TABLE deep.two (id int PRIMARY KEY REFERENCES deep.one, "back\slash" int);
