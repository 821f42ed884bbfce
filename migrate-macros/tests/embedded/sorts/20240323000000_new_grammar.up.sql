-- migrate:no-parse because the parser does not know it yet
MAKE party GREAT;
