-- Approvals: who has to agree inside the house before a version goes out to be signed.

CREATE TABLE approvals (
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_version_id bigint NOT NULL,
    approver_id bigint NOT NULL,
    step bigint NOT NULL DEFAULT 1,
    decision text NOT NULL DEFAULT 'pending',
    remark text NOT NULL DEFAULT '',
    requested_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    CONSTRAINT approvals_pk PRIMARY KEY (id),
    CONSTRAINT approvals_contract_version_id_approver_id_key UNIQUE (contract_version_id, approver_id),
    CONSTRAINT approvals_contract_version_id_fk FOREIGN KEY (contract_version_id)
        REFERENCES contract_versions (id) ON DELETE CASCADE,
    CONSTRAINT approvals_approver_id_fk FOREIGN KEY (approver_id)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT approvals_step_check CHECK (step > 0),
    CONSTRAINT approvals_decision_check CHECK (decision IN ('pending', 'approved', 'rejected')),
    CONSTRAINT approvals_decision_decided_at_check CHECK (
        (decision = 'pending') = (decided_at IS NULL)
    )
);

-- Serves the foreign key and the list of what waits for somebody.
CREATE INDEX approvals_approver_id_decision_idx ON approvals (approver_id, decision);

COMMENT ON TABLE approvals IS 'One row a version and person who is asked.';
COMMENT ON COLUMN approvals.step IS
    'Equal steps are asked at once, a higher one when the lower ones have approved.';
