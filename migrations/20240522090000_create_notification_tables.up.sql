-- Notifications: what users are told, and the ways in which they wish to hear of it.

CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    contract_id bigint,
    deadline_id bigint,
    kind text NOT NULL,
    channel text NOT NULL DEFAULT 'in_app',
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    send_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    read_at timestamptz,
    CONSTRAINT notifications_pk PRIMARY KEY (id),
    CONSTRAINT notifications_user_id_fk FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_contract_id_fk FOREIGN KEY (contract_id)
        REFERENCES contracts (id) ON DELETE CASCADE,
    CONSTRAINT notifications_deadline_id_fk FOREIGN KEY (deadline_id)
        REFERENCES deadlines (id) ON DELETE CASCADE,
    CONSTRAINT notifications_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT notifications_channel_check CHECK (channel IN ('in_app', 'email')),
    CONSTRAINT notifications_details_check CHECK (jsonb_typeof(details) = 'object')
);

-- The inbox, newest first, and the queue of the sender.
CREATE INDEX notifications_user_id_created_at_idx ON notifications (user_id, created_at DESC);
CREATE INDEX notifications_send_at_idx ON notifications (send_at) WHERE sent_at IS NULL;
CREATE INDEX notifications_contract_id_idx ON notifications (contract_id);
CREATE INDEX notifications_deadline_id_idx ON notifications (deadline_id);

COMMENT ON TABLE notifications IS 'One row a message to a user; gone with whatever it is about.';
COMMENT ON COLUMN notifications.kind IS 'Which template it is written from, such as deadline_near.';
COMMENT ON COLUMN notifications.details IS 'What the template fills in.';
COMMENT ON COLUMN notifications.send_at IS 'Not before this time.';

CREATE TABLE notification_preferences (
    user_id bigint NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    is_enabled boolean NOT NULL,
    CONSTRAINT notification_preferences_pk PRIMARY KEY (user_id, kind, channel),
    CONSTRAINT notification_preferences_user_id_fk FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notification_preferences_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT notification_preferences_channel_check CHECK (channel IN ('in_app', 'email'))
);

COMMENT ON TABLE notification_preferences IS
    'Where a user departs from the defaults; no row, no departure.';
