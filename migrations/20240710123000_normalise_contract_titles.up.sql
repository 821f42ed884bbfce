-- migrate:lock-timeout 2s
-- migrate:statement-timeout 5min
--
-- Tidies contract titles: no blanks at either end, one space between words. Titles were pasted from
-- letters and spreadsheets, and two that look alike must compare alike.
--
-- The titles as they were entered are kept beside the table, so that the way back is exact. Not in
-- a new column: ALTER TABLE would shut readers out until the UPDATE has ended. A row that somebody
-- is editing is waited for, hence the lock timeout. The audit trail records every title that
-- changes, here and on the way back.

CREATE TABLE contract_titles_as_entered (
    contract_id bigint NOT NULL,
    entered text NOT NULL,
    tidied text NOT NULL,
    CONSTRAINT contract_titles_as_entered_pk PRIMARY KEY (contract_id)
);

COMMENT ON TABLE contract_titles_as_entered IS
    'Titles before they were tidied. No foreign key: making one would stop writes to contracts.';

-- Locking the rows keeps anybody from editing a title between the two statements.
INSERT INTO contract_titles_as_entered (contract_id, entered, tidied)
SELECT contracts.id, contracts.title, normalised.title
FROM contracts
CROSS JOIN LATERAL (
    SELECT btrim(regexp_replace(contracts.title, '[[:space:]]+', ' ', 'g')) AS title
) AS normalised
WHERE contracts.title <> normalised.title
FOR NO KEY UPDATE OF contracts;

UPDATE contracts
SET title = kept.tidied
FROM contract_titles_as_entered AS kept
WHERE contracts.id = kept.contract_id;
