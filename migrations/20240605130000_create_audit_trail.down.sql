-- Takes the audit trail away, with everything that it recorded. Nothing else loses a row.

DROP TRIGGER documents_audit ON documents;
DROP TRIGGER deadlines_audit ON deadlines;
DROP TRIGGER obligations_audit ON obligations;
DROP TRIGGER signatures_audit ON signatures;
DROP TRIGGER approvals_audit ON approvals;
DROP TRIGGER clauses_audit ON clauses;
DROP TRIGGER contract_versions_audit ON contract_versions;
DROP TRIGGER contract_parties_audit ON contract_parties;
DROP TRIGGER contracts_audit ON contracts;
DROP TRIGGER parties_audit ON parties;
DROP TRIGGER role_permissions_audit ON role_permissions;
DROP TRIGGER user_roles_audit ON user_roles;
DROP TRIGGER users_audit ON users;

-- Its partitions and its own triggers go with it.
DROP TABLE audit_events;

DROP FUNCTION refuse_audit_change();
DROP FUNCTION record_audit_event();
