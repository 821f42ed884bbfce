CREATE TABLE balance (amount numeric NOT NULL);
INSERT INTO balance VALUES (100);
CREATE TABLE receipts (what text NOT NULL);
CREATE TABLE stock (id int, note text);
INSERT INTO stock SELECT n, 'note ' || n FROM generate_series(1, 500) n;
CREATE FUNCTION barrier(number int) RETURNS void LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(4200, number);
END $$;
CREATE TABLE ledger (id int PRIMARY KEY, changed int NOT NULL DEFAULT 0);
INSERT INTO ledger SELECT generate_series(1, 20);
CREATE FUNCTION before_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM barrier(50);
    RETURN NEW;
END $$;
-- In the second of two batches.
CREATE TRIGGER before_change BEFORE UPDATE ON ledger FOR EACH ROW WHEN (NEW.id = 15) EXECUTE FUNCTION before_change()
