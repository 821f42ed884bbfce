"""The corpus: N pairs of scripts, always the same for the same N.

They imitate the history of a schema for documents and cases. Ten migrations belong to each table: it is made,
gets indexes, columns, constraints, a function with `$$` and its trigger, comments, rows (quotes, semicolons and
comment marks inside of literals), a view, a column that is filled and then NOT NULL, a column of an enum. Every
one may run in a transaction, and every down script takes back exactly what its up script did. The tables are
the only ones whose names match TABLES, by which a run is checked.
"""
import datetime as dt
import shutil

from . import common

START = dt.datetime(2021, 3, 1, 9, 0, 0)
STEP = dt.timedelta(hours=7, minutes=13, seconds=11)
TABLES = "^[a-z]+_[0-9]{4}$"
NOUNS = ["case", "document", "party", "hearing", "task", "note", "invoice", "payment", "address", "contact",
         "folder", "template", "audit", "deadline", "court", "claim", "contract", "letter", "session", "role"]


def entity(k):
    return f"{NOUNS[k % len(NOUNS)]}_{k:04d}"


def create_table(k):
    t = entity(k)
    parent = f",\n    parent_id     bigint REFERENCES {entity(k - 1)} (id) ON DELETE SET NULL" if k else ""
    up = f"""-- {t}: base table
CREATE TABLE {t} (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference     text        NOT NULL,
    title         text        NOT NULL,
    status        text        NOT NULL DEFAULT 'open',
    amount        numeric(12,2) NOT NULL DEFAULT 0,
    payload       jsonb       NOT NULL DEFAULT '{{}}'::jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text        NOT NULL DEFAULT current_user{parent}
);
"""
    return f"create_{t}", up, f"DROP TABLE {t};\n"


def indexes(k):
    t = entity(k)
    up = f"""CREATE INDEX {t}_created_at_idx ON {t} (created_at DESC);
CREATE INDEX {t}_open_idx ON {t} (reference) WHERE status = 'open';
CREATE INDEX {t}_payload_idx ON {t} USING gin (payload jsonb_path_ops);
"""
    down = f"DROP INDEX {t}_payload_idx;\nDROP INDEX {t}_open_idx;\nDROP INDEX {t}_created_at_idx;\n"
    return f"index_{t}", up, down


def add_columns(k):
    t = entity(k)
    up = f"""ALTER TABLE {t}
    ADD COLUMN closed_at   timestamptz,
    ADD COLUMN priority    smallint NOT NULL DEFAULT 3,
    ADD COLUMN external_id uuid DEFAULT gen_random_uuid();
"""
    down = f"ALTER TABLE {t}\n    DROP COLUMN external_id,\n    DROP COLUMN priority,\n    DROP COLUMN closed_at;\n"
    return f"add_priority_to_{t}", up, down


def constraints(k):
    t = entity(k)
    up = f"""ALTER TABLE {t} ADD CONSTRAINT {t}_reference_key UNIQUE (reference);
ALTER TABLE {t} ADD CONSTRAINT {t}_status_check CHECK (status IN ('open', 'pending', 'closed'));
ALTER TABLE {t} ADD CONSTRAINT {t}_closed_check CHECK (closed_at IS NULL OR closed_at >= created_at);
"""
    down = (f"ALTER TABLE {t} DROP CONSTRAINT {t}_closed_check;\nALTER TABLE {t} DROP CONSTRAINT {t}_status_check;\n"
            f"ALTER TABLE {t} DROP CONSTRAINT {t}_reference_key;\n")
    return f"constrain_{t}", up, down


def function(k):
    t = entity(k)
    up = f"""CREATE FUNCTION {t}_touch() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    changed integer := 0;
BEGIN
    -- a semicolon ; and a 'quote' inside a dollar-quoted body
    IF NEW.status = 'closed' AND OLD.status <> 'closed' THEN
        NEW.closed_at = clock_timestamp();
        changed = changed + 1;
    END IF;
    IF NEW.amount < 0 THEN
        RAISE EXCEPTION 'amount of % must not be negative', NEW.reference;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER {t}_touch BEFORE UPDATE ON {t}
    FOR EACH ROW EXECUTE FUNCTION {t}_touch();
"""
    return f"touch_trigger_{t}", up, f"DROP TRIGGER {t}_touch ON {t};\nDROP FUNCTION {t}_touch();\n"


def comments(k):
    t = entity(k)
    up = f"""COMMENT ON TABLE {t} IS 'Entity {k} of the case management schema; one row per {NOUNS[k % len(NOUNS)]}';
COMMENT ON COLUMN {t}.reference IS 'Human readable reference, printed on every letter';
COMMENT ON COLUMN {t}.payload IS 'Free-form attributes; see the "forms" module -- not searchable by customers';
"""
    down = (f"COMMENT ON COLUMN {t}.payload IS NULL;\nCOMMENT ON COLUMN {t}.reference IS NULL;\n"
            f"COMMENT ON TABLE {t} IS NULL;\n")
    return f"comment_{t}", up, down


def seed(k):
    t = entity(k)
    rows = ",\n".join(
        f"    ('{t}-{r:03d}', 'Seed {r}; it''s a \"test\" -- not a comment', '{['open', 'pending', 'closed'][r % 3]}', "
        f"{r * 17}.{r:02d}, '{{\"k\" : {r}}}')" for r in range(8))
    up = f"INSERT INTO {t} (reference, title, status, amount, payload) VALUES\n{rows};\n"
    return f"seed_{t}", up, f"DELETE FROM {t} WHERE reference LIKE '{t}-%';\n"


def view(k):
    t = entity(k)
    up = f"""CREATE VIEW {t}_summary AS
SELECT status,
       count(*)                                     AS items,
       sum(amount)                                  AS total,
       max(created_at)                              AS latest,
       count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed
FROM {t}
GROUP BY status;
"""
    return f"view_{t}_summary", up, f"DROP VIEW {t}_summary;\n"


def backfill(k):
    t = entity(k)
    up = f"""ALTER TABLE {t} ADD COLUMN search_text text;
UPDATE {t} SET search_text = lower(reference || ' ' || title) WHERE search_text IS NULL;
ALTER TABLE {t} ALTER COLUMN search_text SET DEFAULT '';
ALTER TABLE {t} ALTER COLUMN search_text SET NOT NULL;
"""
    return f"backfill_search_{t}", up, f"ALTER TABLE {t} DROP COLUMN search_text;\n"


def enum(k):
    t = entity(k)
    up = f"""CREATE TYPE {t}_channel AS ENUM ('email', 'post', 'portal');
ALTER TABLE {t} ADD COLUMN channel {t}_channel NOT NULL DEFAULT 'portal';
"""
    return f"channel_{t}", up, f"ALTER TABLE {t} DROP COLUMN channel;\nDROP TYPE {t}_channel;\n"


STEPS = [create_table, indexes, add_columns, constraints, function, comments, seed, view, backfill, enum]


def corpus(n):
    """(version, name, up script, down script) of n migrations, oldest first."""
    when = START
    for i in range(n):
        name, up, down = STEPS[i % 10](i // 10)
        yield when.strftime("%Y%m%d%H%M%S"), name, up, down
        when += STEP


def big(megabytes):
    """One migration: a table, and one INSERT of so many rows of a megabyte."""
    row = ("A paragraph of a long document, as somebody pasted it; it has no end. " * 15000)[:1 << 20]
    rows = ",\n".join(f"    ('big-{r:03d}', '{row}')" for r in range(megabytes))
    up = f"CREATE TABLE big_0000 (reference text, title text);\nINSERT INTO big_0000 VALUES\n{rows};\n"
    yield START.strftime("%Y%m%d%H%M%S"), "create_big_0000", up, "DROP TABLE big_0000;\n"


def items(name):
    """The migrations of a corpus: `1000`, or `big` for the one of 100 MB."""
    return list(big(100) if name == "big" else corpus(int(name)))


def tables(name):
    """How many tables there are once all of it ran."""
    return 1 if name == "big" else (int(name) + 9) // 10


def base(name):
    """The folder with the corpus as pairs of files, made where it is not there."""
    folder = common.ROOT / "corpora" / name / "base"
    done = folder.parent / ".base.complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for version, stem, up, down in items(name):
            common.write(folder / f"{version}_{stem}.up.sql", up)
            common.write(folder / f"{version}_{stem}.down.sql", down)
        common.write(done, "")
    return folder
