-- Obligations: what a contract makes its parties do, and by when.

CREATE TABLE obligations (
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_id bigint NOT NULL,
    party_id bigint NOT NULL,
    clause_id bigint,
    assignee_id bigint,
    kind text NOT NULL,
    summary text NOT NULL,
    repeats_every interval,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT obligations_pk PRIMARY KEY (id),
    CONSTRAINT obligations_contract_id_fk FOREIGN KEY (contract_id)
        REFERENCES contracts (id) ON DELETE CASCADE,
    CONSTRAINT obligations_party_id_fk FOREIGN KEY (party_id)
        REFERENCES parties (id) ON DELETE RESTRICT,
    CONSTRAINT obligations_clause_id_fk FOREIGN KEY (clause_id)
        REFERENCES clauses (id) ON DELETE SET NULL,
    CONSTRAINT obligations_assignee_id_fk FOREIGN KEY (assignee_id)
        REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT obligations_kind_check CHECK (
        kind IN ('payment', 'delivery', 'report', 'renewal', 'notice', 'other')
    ),
    CONSTRAINT obligations_summary_check CHECK (summary ~ '[^[:space:]]'),
    CONSTRAINT obligations_repeats_every_check CHECK (repeats_every >= interval '1 day')
);

CREATE INDEX obligations_contract_id_idx ON obligations (contract_id);
CREATE INDEX obligations_party_id_idx ON obligations (party_id);
CREATE INDEX obligations_clause_id_idx ON obligations (clause_id);
CREATE INDEX obligations_assignee_id_idx ON obligations (assignee_id);

COMMENT ON TABLE obligations IS 'What a party owes under a contract.';
COMMENT ON COLUMN obligations.clause_id IS
    'Where it is written; NULL: follows from the law or from practice.';
COMMENT ON COLUMN obligations.assignee_id IS
    'Who sees to it in the house; NULL: the owner of the contract.';
COMMENT ON COLUMN obligations.repeats_every IS 'NULL: owed once.';

CREATE TABLE deadlines (
    id bigint GENERATED ALWAYS AS IDENTITY,
    obligation_id bigint NOT NULL,
    due_on date NOT NULL,
    remind_before interval NOT NULL DEFAULT '14 days',
    completed_at timestamptz,
    completed_by bigint,
    CONSTRAINT deadlines_pk PRIMARY KEY (id),
    CONSTRAINT deadlines_obligation_id_due_on_key UNIQUE (obligation_id, due_on),
    CONSTRAINT deadlines_obligation_id_fk FOREIGN KEY (obligation_id)
        REFERENCES obligations (id) ON DELETE CASCADE,
    CONSTRAINT deadlines_completed_by_fk FOREIGN KEY (completed_by)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT deadlines_remind_before_check CHECK (remind_before >= interval '0'),
    CONSTRAINT deadlines_completed_at_completed_by_check CHECK (
        (completed_at IS NULL) = (completed_by IS NULL)
    )
);

-- What is still open is a small part of the table, and the part that every screen asks for.
CREATE INDEX deadlines_due_on_idx ON deadlines (due_on) WHERE completed_at IS NULL;
CREATE INDEX deadlines_completed_by_idx ON deadlines (completed_by);

COMMENT ON TABLE deadlines IS
    'The days on which an obligation falls due; a repeating one has several.';
COMMENT ON COLUMN deadlines.remind_before IS 'How long before the day the assignee is told.';
COMMENT ON COLUMN deadlines.completed_at IS 'NULL: still open.';
