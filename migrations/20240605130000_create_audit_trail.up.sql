-- Audit trail: who changed which row when, from what to what.
--
-- Triggers write it, so no part of the application can forget to.

-- A partition a year: the law asks for ten years, and a year goes by dropping its partition.
CREATE TABLE audit_events (
    -- Not a number: an id stays unique when its partition is detached and kept elsewhere.
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    actor_id bigint,
    database_role text NOT NULL DEFAULT session_user,
    table_name text NOT NULL,
    row_id text,
    action text NOT NULL,
    old_row jsonb,
    new_row jsonb,
    CONSTRAINT audit_events_pk PRIMARY KEY (id, occurred_at),
    CONSTRAINT audit_events_action_check CHECK (action IN ('insert', 'update', 'delete')),
    CONSTRAINT audit_events_action_old_row_check CHECK ((action = 'insert') = (old_row IS NULL)),
    CONSTRAINT audit_events_action_new_row_check CHECK ((action = 'delete') = (new_row IS NULL))
) PARTITION BY RANGE (occurred_at);

-- The bounds name their zone: the setting of the session that runs this must not move them.
CREATE TABLE audit_events_2024 PARTITION OF audit_events
    FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
CREATE TABLE audit_events_2025 PARTITION OF audit_events
    FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE audit_events_2026 PARTITION OF audit_events
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
CREATE TABLE audit_events_2027 PARTITION OF audit_events
    FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2028-01-01 00:00:00+00');

-- Catches what no year was made for: a forgotten partition must not stop anybody's work.
CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;

CREATE INDEX audit_events_table_name_row_id_occurred_at_idx
    ON audit_events (table_name, row_id, occurred_at);
CREATE INDEX audit_events_actor_id_occurred_at_idx ON audit_events (actor_id, occurred_at);

COMMENT ON TABLE audit_events IS 'Every change of an audited row. Only ever added to.';
COMMENT ON COLUMN audit_events.actor_id IS
    'The user, from the setting dcms.user_id; NULL: the system. No foreign key: users may go.';
COMMENT ON COLUMN audit_events.row_id IS
    'The id of the row; NULL: its key has several columns, see the rows.';

-- Runs with the rights of its owner, so that the application needs none on the trail itself.
-- The arguments of a trigger name columns that must never be written down here.
CREATE FUNCTION record_audit_event() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $function$
DECLARE
    hidden CONSTANT text[] := coalesce(TG_ARGV, '{}');
    old_row jsonb;
    new_row jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD) - hidden;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW) - hidden;
    END IF;
    INSERT INTO audit_events (actor_id, table_name, row_id, action, old_row, new_row)
    VALUES (
        nullif(current_setting('dcms.user_id', true), '')::bigint,
        TG_TABLE_NAME,
        coalesce(new_row, old_row) ->> 'id',
        lower(TG_OP),
        old_row,
        new_row
    );
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION record_audit_event() IS
    'Trigger AFTER INSERT OR UPDATE OR DELETE, FOR EACH ROW.';

CREATE FUNCTION refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'the audit trail is only ever added to'
        USING ERRCODE = 'restrict_violation',
              HINT = 'Detach and drop a partition when its years are over.';
END;
$function$;

COMMENT ON FUNCTION refuse_audit_change() IS
    'Trigger BEFORE UPDATE OR DELETE or TRUNCATE of the audit trail.';

CREATE TRIGGER audit_events_refuse_change BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_events_refuse_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- What carries rights or legal weight is audited; contacts, preferences and messages are not.
CREATE TRIGGER users_audit AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION record_audit_event('password_hash');
CREATE TRIGGER user_roles_audit AFTER INSERT OR UPDATE OR DELETE ON user_roles
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER role_permissions_audit AFTER INSERT OR UPDATE OR DELETE ON role_permissions
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER parties_audit AFTER INSERT OR UPDATE OR DELETE ON parties
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER contracts_audit AFTER INSERT OR UPDATE OR DELETE ON contracts
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER contract_parties_audit AFTER INSERT OR UPDATE OR DELETE ON contract_parties
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER contract_versions_audit AFTER INSERT OR UPDATE OR DELETE ON contract_versions
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER clauses_audit AFTER INSERT OR UPDATE OR DELETE ON clauses
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER approvals_audit AFTER INSERT OR UPDATE OR DELETE ON approvals
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER signatures_audit AFTER INSERT OR UPDATE OR DELETE ON signatures
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER obligations_audit AFTER INSERT OR UPDATE OR DELETE ON obligations
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER deadlines_audit AFTER INSERT OR UPDATE OR DELETE ON deadlines
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
CREATE TRIGGER documents_audit AFTER INSERT OR UPDATE OR DELETE ON documents
    FOR EACH ROW EXECUTE FUNCTION record_audit_event();
