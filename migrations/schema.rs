// @generated automatically by Diesel CLI.

diesel::table! {
    approvals (id) {
        id -> Int8,
        contract_version_id -> Int8,
        approver_id -> Int8,
        step -> Int8,
        decision -> Text,
        remark -> Text,
        requested_at -> Timestamptz,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    audit_events (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_events_2024 (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_events_2025 (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_events_2026 (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_events_2027 (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    audit_events_default (id, occurred_at) {
        id -> Uuid,
        occurred_at -> Timestamptz,
        actor_id -> Nullable<Int8>,
        database_role -> Text,
        table_name -> Text,
        row_id -> Nullable<Text>,
        action -> Text,
        old_row -> Nullable<Jsonb>,
        new_row -> Nullable<Jsonb>,
    }
}

diesel::table! {
    clauses (id) {
        id -> Int8,
        contract_version_id -> Int8,
        position -> Int8,
        heading -> Nullable<Text>,
        body -> Text,
    }
}

diesel::table! {
    contract_parties (contract_id, party_id, role) {
        contract_id -> Int8,
        party_id -> Int8,
        role -> Text,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    contract_titles_as_entered (contract_id) {
        contract_id -> Int8,
        entered -> Text,
        tidied -> Text,
    }
}

diesel::table! {
    contract_versions (id) {
        id -> Int8,
        contract_id -> Int8,
        number -> Int8,
        change_summary -> Text,
        created_by -> Int8,
        created_at -> Timestamptz,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    contracts (id) {
        id -> Int8,
        reference -> Text,
        title -> Text,
        kind -> Text,
        status -> Text,
        owner_id -> Int8,
        total_value -> Nullable<Numeric>,
        currency_code -> Nullable<Text>,
        effective_on -> Nullable<Date>,
        expires_on -> Nullable<Date>,
        created_at -> Timestamptz,
        parent_contract_id -> Nullable<Int8>,
    }
}

diesel::table! {
    deadlines (id) {
        id -> Int8,
        obligation_id -> Int8,
        due_on -> Date,
        remind_before -> Interval,
        completed_at -> Nullable<Timestamptz>,
        completed_by -> Nullable<Int8>,
    }
}

diesel::table! {
    documents (id) {
        id -> Uuid,
        contract_id -> Int8,
        contract_version_id -> Nullable<Int8>,
        kind -> Text,
        file_name -> Text,
        media_type -> Text,
        size_bytes -> Int8,
        sha256 -> Bytea,
        storage_key -> Text,
        uploaded_by -> Int8,
        uploaded_at -> Timestamptz,
    }
}

diesel::table! {
    notification_preferences (user_id, kind, channel) {
        user_id -> Int8,
        kind -> Text,
        channel -> Text,
        is_enabled -> Bool,
    }
}

diesel::table! {
    notifications (id) {
        id -> Int8,
        user_id -> Int8,
        contract_id -> Nullable<Int8>,
        deadline_id -> Nullable<Int8>,
        kind -> Text,
        channel -> Text,
        details -> Jsonb,
        created_at -> Timestamptz,
        send_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    obligations (id) {
        id -> Int8,
        contract_id -> Int8,
        party_id -> Int8,
        clause_id -> Nullable<Int8>,
        assignee_id -> Nullable<Int8>,
        kind -> Text,
        summary -> Text,
        repeats_every -> Nullable<Interval>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    parties (id) {
        id -> Int8,
        kind -> Text,
        legal_name -> Text,
        country_code -> Text,
        registration_number -> Nullable<Text>,
        created_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    party_contacts (id) {
        id -> Int8,
        party_id -> Int8,
        full_name -> Text,
        email -> Text,
        phone -> Nullable<Text>,
        is_primary -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    permissions (id) {
        id -> Int8,
        name -> Text,
        description -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    role_permissions (role_id, permission_id) {
        role_id -> Int8,
        permission_id -> Int8,
        granted_at -> Timestamptz,
    }
}

diesel::table! {
    roles (id) {
        id -> Int8,
        name -> Text,
        description -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    signatures (id) {
        id -> Int8,
        contract_version_id -> Int8,
        party_id -> Int8,
        signer_name -> Text,
        signer_email -> Text,
        method -> Text,
        status -> Text,
        requested_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        signed_sha256 -> Nullable<Bytea>,
    }
}

diesel::table! {
    user_roles (user_id, role_id) {
        user_id -> Int8,
        role_id -> Int8,
        granted_by -> Nullable<Int8>,
        granted_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Int8,
        email -> Text,
        display_name -> Text,
        password_hash -> Nullable<Text>,
        created_at -> Timestamptz,
        last_sign_in_at -> Nullable<Timestamptz>,
        deactivated_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(approvals -> contract_versions (contract_version_id));
diesel::joinable!(approvals -> users (approver_id));
diesel::joinable!(clauses -> contract_versions (contract_version_id));
diesel::joinable!(contract_parties -> contracts (contract_id));
diesel::joinable!(contract_parties -> parties (party_id));
diesel::joinable!(contract_versions -> contracts (contract_id));
diesel::joinable!(contract_versions -> users (created_by));
diesel::joinable!(contracts -> users (owner_id));
diesel::joinable!(deadlines -> obligations (obligation_id));
diesel::joinable!(deadlines -> users (completed_by));
diesel::joinable!(documents -> contracts (contract_id));
diesel::joinable!(documents -> users (uploaded_by));
diesel::joinable!(notification_preferences -> users (user_id));
diesel::joinable!(notifications -> contracts (contract_id));
diesel::joinable!(notifications -> deadlines (deadline_id));
diesel::joinable!(notifications -> users (user_id));
diesel::joinable!(obligations -> clauses (clause_id));
diesel::joinable!(obligations -> contracts (contract_id));
diesel::joinable!(obligations -> parties (party_id));
diesel::joinable!(obligations -> users (assignee_id));
diesel::joinable!(party_contacts -> parties (party_id));
diesel::joinable!(role_permissions -> permissions (permission_id));
diesel::joinable!(role_permissions -> roles (role_id));
diesel::joinable!(signatures -> contract_versions (contract_version_id));
diesel::joinable!(signatures -> parties (party_id));
diesel::joinable!(user_roles -> roles (role_id));

diesel::allow_tables_to_appear_in_same_query!(
    approvals,
    audit_events,
    audit_events_2024,
    audit_events_2025,
    audit_events_2026,
    audit_events_2027,
    audit_events_default,
    clauses,
    contract_parties,
    contract_titles_as_entered,
    contract_versions,
    contracts,
    deadlines,
    documents,
    notification_preferences,
    notifications,
    obligations,
    parties,
    party_contacts,
    permissions,
    role_permissions,
    roles,
    signatures,
    user_roles,
    users,
);
