#!/usr/bin/env bash
# What embedding costs at build time: CPU seconds of `cargo check` of a crate that embeds COUNT pairs
# of scripts (1000, about 0.5 KB a script), everything it depends on being compiled already.
#
#   benches/expansion.sh [COUNT] [ROUNDS]
#
#   empty      nothing embedded: the floor under everything
#   array      a hand-written array of `include_str!`: what embedding costs without a macro
#   unparsed   `embed_migrations!` without its feature `parser`
#   parsed     `embed_migrations!`
#
# Each with the macro optimised, as the README recommends, and as cargo builds macros by default.
# The figures are the least of ROUNDS (7) rounds, in which the crates take turns. The crates depend on
# the runtime that the tests of the macro use: the database client would cost all four the same.
set -euo pipefail
cd "$(dirname "$0")/.."

count=${1:-1000}
rounds=${2:-7}
root=$PWD
work=${CARGO_TARGET_DIR:-$root/target}/expansion
crates="empty array unparsed parsed"

# Fills a folder with pairs.
scripts() {
    mkdir -p "$1"
    awk -v folder="$1" -v count="$2" 'BEGIN {
        for (i = 0; i < count; i++) {
            table = sprintf("case_%04d", i)
            stem = sprintf("%s/2024%02d%02d%02d%02d00_%s", folder, 1 + int(i / 672) % 12, 1 + int(i / 24) % 28, i % 24, int(i / 8064), table)
            up = stem ".up.sql"; down = stem ".down.sql"
            printf "CREATE TABLE %s (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n", table > up
            printf "    reference text NOT NULL CHECK (length(reference) BETWEEN 3 AND 40),\n" > up
            printf "    title text NOT NULL DEFAULT '"''"',\n    payload jsonb NOT NULL DEFAULT '"'{}'"',\n" > up
            printf "    status text NOT NULL DEFAULT '"'open'"' CHECK (status IN ('"'open', 'closed'"')),\n" > up
            printf "    created_at timestamptz NOT NULL DEFAULT now()\n);\n\n" > up
            printf "CREATE INDEX %s_open_idx ON %s (created_at DESC) WHERE status = '"'open'"';\n", table, table > up
            printf "-- Takes back what the up script of this migration did, in reverse order, so that\n" > down
            printf "-- an older program finds the schema as it was: first the columns, then the table.\n" > down
            printf "-- Rows written since are lost with it; the backup that was taken before the release\n" > down
            printf "-- has them, where somebody asks for them afterwards.\n" > down
            printf "ALTER TABLE %s\n    DROP COLUMN created_at,\n    DROP COLUMN status,\n    DROP COLUMN title;\n\n", table > down
            printf "DROP TABLE %s;\n", table > down
            close(up); close(down)
        }
    }'
}

crate() {
    mkdir -p "$work/$1/src"
    cat >"$work/$1/Cargo.toml" <<TOML
[package]
name = "expansion-$1"
edition = "2024"

[dependencies.migrate-runtime]
package = "macro-test-runtime"
path = "$root/migrate-macros/tests/runtime"
default-features = $([ "$1" = parsed ] && echo true || echo false)
TOML
    # What a recommended build script prints; the macro looks for it.
    printf 'fn main() {\n    println!("cargo::rerun-if-changed=migrations");\n}\n' >"$work/$1/build.rs"
    cat >"$work/$1/src/main.rs"
}

array() {
    printf 'use migrate_runtime as _;\n\npub struct Migration {\n    pub version: u64,\n    pub name: &'"'"'static str,\n'
    printf '    pub up: &'"'"'static str,\n    pub down: &'"'"'static str,\n}\n\npub static MIGRATIONS: [Migration; %s] = [\n' "$count"
    local file stem
    for file in "$work"/array/migrations/*.up.sql; do
        stem=$(basename "$file" .up.sql)
        printf '    Migration { version: %s, name: "%s", up: include_str!("../migrations/%s.up.sql"), down: include_str!("../migrations/%s.down.sql") },\n' \
            "${stem%%_*}" "${stem#*_}" "$stem" "$stem"
    done
    printf '];\n\nfn main() {\n    assert_eq!(MIGRATIONS.len(), %s);\n}\n' "$count"
}

generate() {
    rm -rf "${work:?}"/{empty,array,unparsed,parsed}
    mkdir -p "$work"
    local it
    for it in array unparsed parsed; do scripts "$work/$it/migrations" "$count"; done
    mkdir -p "$work/empty/migrations"
    echo 'use migrate_runtime as _; fn main() {}' | crate empty
    array | crate array
    for it in unparsed parsed; do
        printf 'static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");\n\nfn main() {\n    assert_eq!(MIGRATIONS.len(), %s);\n}\n' "$count" | crate "$it"
    done
    printf '[workspace]\nresolver = "3"\nmembers = ["empty", "array", "unparsed", "parsed"]\n' >"$work/Cargo.toml"
    cp "$root/Cargo.lock" "$work/Cargo.lock"
}

# Appends the CPU seconds of one check to a file.
check() {
    cargo clean --quiet --package "expansion-$1"
    # The build script is compiled and run apart: every crate has the same one.
    cargo check --quiet --package "expansion-$1"
    touch "$work/$1/src/main.rs"
    rm -rf "$CARGO_TARGET_DIR"/debug/incremental/"expansion_$1"-*
    { TIMEFORMAT='%U %S'; time cargo check --quiet --package "expansion-$1" 2>>"$work/log"; } 2>&1 |
        awk '{ print $1 + $2 }' >>"$work/figures/$2-$1"
}

generate
rm -rf "$work/figures" "$work/log"
mkdir -p "$work/figures"
cd "$work"
for optimisation in 2 0; do
    export CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL=$optimisation CARGO_TARGET_DIR="$work/target-$optimisation"
    for ((round = 0; round < rounds; round++)); do
        for it in $crates; do check "$it" "$optimisation"; done
    done
done

printf '%d pairs, %d rounds, CPU seconds of cargo check, least of all rounds\n' "$count" "$rounds"
for optimisation in 2 0; do
    printf '\nbuild-override opt-level = %s\n' "$optimisation"
    floor=$(sort -n "figures/$optimisation-empty" | head -1)
    array=$(sort -n "figures/$optimisation-array" | head -1)
    for it in $crates; do
        sort -n "figures/$optimisation-$it" | head -1 | awk -v name="$it" -v floor="$floor" -v array="$array" '{
            over = $1 - floor; hand = array - floor
            printf "  %-9s %.3f   over empty %+.3f   against array: %.2f in all, %.2f over empty\n", name, $1, over, $1 / array, over / hand
        }'
    done
done
