#!/usr/bin/env bash
# What it costs to fill a column of a table that is in use: ROWS (1000000) rows of about 300 bytes, each
# updated once, while somebody else writes to single rows of the same table.
#
#   benches/batches.sh [ROWS] [ROUNDS] [OPTIONS]
#
#   update    one UPDATE, in one transaction
#   loop      a procedure in PL/pgSQL that updates 5000 keys at a time and commits after each
#   batches   a script under `-- migrate:batch … OPTIONS` (size=5000), run by a program that has it inside
#
# Every run has a database of its own, filled, vacuumed and followed by a CHECKPOINT; the three take turns, and
# the figures are medians of ROUNDS (3). The writer is one session of pgbench with a pause of about 2 ms between
# two updates, each a transaction; what counts is its longest one. WAL is everything that was written meanwhile,
# the writer's part included: the longer a run takes, the more of it is his.
# The server is started for this in a folder below TMPDIR, and has no setting that makes it faster or less safe
# than PostgreSQL is unless told. Its programs are looked for in PG_BIN, in PATH and where packages put them.
# What each run gave is in target/batches/figures.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

rows=${1:-1000000}
rounds=${2:-3}
options=${3:-size=5000}
root=$PWD
work=${CARGO_TARGET_DIR:-$root/target}/batches
ways="update loop batches"

# The folder with PostgreSQL's programs.
programs() {
    if [ -n "${PG_BIN:-}" ]; then
        echo "$PG_BIN"
    elif command -v initdb >/dev/null; then
        dirname "$(readlink -f "$(command -v initdb)")"
    else
        # The highest version comes first.
        printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/pgsql/bin |
            sort -rV | while read -r it; do [ -x "$it/initdb" ] && echo "$it" && break; done
    fi
}

# PostgreSQL refuses to run as root.
unprivileged() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    else
        setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups "$@"
    fi
}

program() {
    rm -rf "$work/program"
    mkdir -p "$work/program/src" "$work/program/migrations"
    cat >"$work/program/Cargo.toml" <<TOML
[package]
name = "batches"
edition = "2024"

[dependencies]
migrate-runtime = { path = "$root/migrate-runtime", default-features = false }

[workspace]
TOML
    printf 'fn main() {\n    println!("cargo::rerun-if-changed=migrations");\n}\n' >"$work/program/build.rs"
    cat >"$work/program/migrations/20260101000001_normalise_titles.up.sql" <<SQL
-- migrate:batch table=contracts key=id $options
UPDATE contracts SET title_normalised = lower(title)
WHERE id >= :batch_start AND id < :batch_end;
SQL
    cat >"$work/program/migrations/20260101000001_normalise_titles.down.sql" <<SQL
-- migrate:batch table=contracts key=id $options
UPDATE contracts SET title_normalised = NULL
WHERE id >= :batch_start AND id < :batch_end;
SQL
    cat >"$work/program/src/main.rs" <<'RUST'
static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names the database");
    let migrator = migrate_runtime::Migrator::from_url(&MIGRATIONS, &url);
    migrator.and_then(|mut it| it.up()).expect("migrated");
}
RUST
    cp "$root/Cargo.lock" "$work/program/Cargo.lock"
    (cd "$work/program" && CARGO_TARGET_DIR=$work/target cargo build --release --quiet --offline)
}

server() {
    chmod 711 "$server"
    mkdir "$server/socket"
    [ "$(id -u)" != 0 ] || chown -R "$account" "$server"
    unprivileged "$bin/initdb" --pgdata "$server/data" --username bench --auth trust --encoding UTF8 >"$work/log"
    unprivileged "$bin/pg_ctl" --pgdata "$server/data" --log "$server/log" --wait \
        --options "-c listen_addresses= -c unix_socket_directories=$server/socket -c fsync=on" start >>"$work/log"
}

clean_up() {
    [ ! -e "$server/data/postmaster.pid" ] ||
        unprivileged "$bin/pg_ctl" --pgdata "$server/data" --mode immediate --silent stop || true
    rm -rf "$server"
}

query() {
    "$bin/psql" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "${2:-bench}" --command "$1"
}

# A database with a table as it was before.
fill() {
    query "DROP DATABASE IF EXISTS bench" postgres
    query "CREATE DATABASE bench" postgres
    query "CREATE TABLE contracts (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        title text NOT NULL,
        title_normalised text,
        payload text NOT NULL
    )"
    query "INSERT INTO contracts (title, payload)
        SELECT 'Contract No. ' || n || ' about Something', repeat(md5(n::text), 6) FROM generate_series(1, $rows) AS n"
    query "CREATE PROCEDURE normalise(size bigint) LANGUAGE plpgsql AS \$\$
        DECLARE
            start bigint := (SELECT min(id) FROM contracts);
            last bigint := (SELECT max(id) FROM contracts);
        BEGIN
            WHILE start <= last LOOP
                UPDATE contracts SET title_normalised = lower(title) WHERE id >= start AND id < start + size;
                COMMIT;
                start := start + size;
            END LOOP;
        END \$\$"
    # Else autovacuum comes for the rows that were inserted, at a moment of its own.
    query "VACUUM ANALYZE contracts"
    query "CHECKPOINT"
}

start_writer() {
    rm -f "$work"/writer.*
    # shellcheck disable=SC2016
    printf '\\set id random(1, :rows)\nUPDATE contracts SET payload = reverse(payload) WHERE id = :id;\n' >"$work/writer"
    "$bin/pgbench" --no-vacuum --file "$work/writer" --define "rows=$rows" --rate 500 --time 86400 --protocol prepared \
        --log --log-prefix "$work/writer" bench >>"$work/log" 2>&1 &
    writer=$!
    until [ "$(query "SELECT n_tup_upd > 0 FROM pg_stat_user_tables WHERE relname = 'contracts'")" = t ]; do
        kill -0 "$writer"
        sleep 0.1
    done
}

# Whoever is killed leaves half a log; one whose session is gone closes it.
stop_writer() {
    sleep 1
    query "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbench'" >/dev/null
    wait "$writer" || true
}

run() {
    case $1 in
    update) query "UPDATE contracts SET title_normalised = lower(title)" ;;
    loop) query "CALL normalise(5000)" ;;
    batches) DATABASE_URL="postgresql://bench@/bench?host=${server//\//%2F}%2Fsocket" "$work/target/release/batches" ;;
    esac
}

# Appends what a run gave: seconds, MB of WAL, longest transaction of the writer in ms, rows that were not migrated.
measure() {
    fill
    start_writer
    local lsn began ended wal
    lsn=$(query "SELECT pg_current_wal_lsn()")
    began=${EPOCHREALTIME/./}
    run "$1"
    ended=${EPOCHREALTIME/./}
    wal=$(query "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '$lsn')")
    stop_writer
    local left
    left=$(query "SELECT count(*) FROM contracts WHERE title_normalised IS DISTINCT FROM lower(title)")
    # Its third number is the time since the update was due, its seventh for how much of that it had not yet begun.
    awk -v took=$((ended - began)) -v wal="$wal" -v left="$left" '
        { time = $3 - $7; if (time > longest) longest = time }
        END { printf "%.2f %.0f %.0f %d\n", took / 1e6, wal / 1048576, longest / 1e3, left }
    ' "$work"/writer.* >>"$work/figures/$1"
}

# The median of a column of what all runs of a way gave.
median() {
    cut -d ' ' -f "$2" "$work/figures/$1" | sort -n | awk '{ it[NR] = $1 } END { print it[int((NR + 1) / 2)] }'
}

bin=$(programs)
if [ ! -x "$bin/pgbench" ]; then
    echo "no initdb, psql and pgbench of PostgreSQL found: PG_BIN names their folder" >&2
    exit 1
fi
account=$(id -u postgres >/dev/null 2>&1 && echo postgres || echo nobody)
mkdir -p "$work"
program
server=$(mktemp -d "${TMPDIR:-/tmp}/batches.XXXXXX")
trap clean_up EXIT
export PGHOST=$server/socket PGPORT=5432 PGUSER=bench PGOPTIONS="-c client_min_messages=warning"
server
rm -rf "$work/figures"
mkdir -p "$work/figures"
for ((round = 0; round < rounds; round++)); do
    for it in $ways; do measure "$it"; done
done

printf '%d rows, medians of %d rounds; PostgreSQL %s, %d cores\n\n' "$rows" "$rounds" \
    "$(query "SHOW server_version" | cut -d ' ' -f 1)" "$(getconf _NPROCESSORS_ONLN)"
printf '| | seconds | longest wait of a writer, ms | WAL, MB | rows not migrated |\n'
printf '| --- | --- | --- | --- | --- |\n'
for it in $ways; do
    printf '| %s | %s | %s | %s | %s |\n' "$it" "$(median "$it" 1)" "$(median "$it" 3)" "$(median "$it" 2)" "$(median "$it" 4)"
done
