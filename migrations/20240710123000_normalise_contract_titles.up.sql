-- migrate:statement-timeout 5min
--
-- Tidies contract titles: no blanks at either end, one space between words. Titles were pasted from
-- letters and spreadsheets, and two that look alike must compare alike.
--
-- In batches, each committed by itself: whoever edits a contract meanwhile waits for one batch at
-- most. A batch that comes upon a contract which somebody is editing gives up at once, and is tried
-- again with half of its rows. Each writes an event of the audit trail for every title that it
-- changes, here and on the way back, so that its size is best found by the time that it takes.
--
-- The titles as they were entered are kept beside the table, so that the way back is exact, also
-- when this has stopped half-way. Not in a new column: everybody who reads all columns would get it.

CREATE TABLE contract_titles_as_entered (
    contract_id bigint NOT NULL,
    entered text NOT NULL,
    tidied text NOT NULL,
    CONSTRAINT contract_titles_as_entered_pk PRIMARY KEY (contract_id)
);

COMMENT ON TABLE contract_titles_as_entered IS
    'Titles before they were tidied. No foreign key: making one would stop writes to contracts.';

-- One statement, so that a title is kept and tidied together or not at all. Its rows are locked
-- first: nobody edits a title between the two.
-- migrate:batch table=contracts key=id size=5000
WITH untidy AS (
    SELECT contracts.id, contracts.title AS entered, normalised.title AS tidied
    FROM contracts
    CROSS JOIN LATERAL (
        SELECT btrim(regexp_replace(contracts.title, '[[:space:]]+', ' ', 'g')) AS title
    ) AS normalised
    WHERE contracts.id >= :batch_start
        AND contracts.id < :batch_end
        AND contracts.title <> normalised.title
    FOR NO KEY UPDATE OF contracts
), kept AS (
    INSERT INTO contract_titles_as_entered (contract_id, entered, tidied)
    SELECT id, entered, tidied
    FROM untidy
    RETURNING contract_id, tidied
)
UPDATE contracts
SET title = kept.tidied
FROM kept
WHERE contracts.id = kept.contract_id;

-- What was made of the titles, and not the titles of contracts: somebody may have edited one since,
-- and made it untidy again.
-- migrate:verify
SELECT NOT EXISTS (
    SELECT
    FROM contract_titles_as_entered
    WHERE tidied <> btrim(regexp_replace(tidied, '[[:space:]]+', ' ', 'g'))
        OR regexp_replace(entered, '[[:space:]]', '', 'g')
            <> regexp_replace(tidied, '[[:space:]]', '', 'g')
);
