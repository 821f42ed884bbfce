#!/usr/bin/env bash
# What a program weighs that has the migrations of this repository inside: size of the release binary,
# crates, and CPU seconds of a build from nothing, which every row costs (minutes in all).
#
#   benches/size.sh [PROGRAM …]
#
#   client    connects with the same client library and embeds nothing: what an application has anyway
#   plain     `Migrator::up` on top, without TLS (`default-features = false`)
#   runtime   the same with TLS: an application that migrates when it starts
#   cli       `migration_cli::main`: every command
#
# Each as `cargo build --release` makes it, and with `lto = true, codegen-units = 1, strip = true`.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work=${CARGO_TARGET_DIR:-$root/target}/size
programs=${*:-client plain runtime cli}

# A package of its own, outside of the workspace as an application is; main.rs comes from stdin.
program() {
    mkdir -p "$work/$1/src"
    cat >"$work/$1/Cargo.toml" <<TOML
[package]
name = "size-$1"
edition = "2024"

[dependencies]
$2

[workspace]

[profile.small]
inherits = "release"
lto = true
codegen-units = 1
strip = true
TOML
    printf 'fn main() {\n    println!("cargo::rerun-if-changed=%s/migrations");\n}\n' "$root" >"$work/$1/build.rs"
    cp "$root/Cargo.lock" "$work/$1/Cargo.lock"
    cat >"$work/$1/src/main.rs"
}

# How many crates are compiled: those that end up in the binary, or these and those that help to build it.
crates() {
    cargo tree --offline -e "$1" --prefix none | cut -d ' ' -f 1,2 | sort -u | grep -vc "^size-"
}

rm -rf "$work"
postgres=$(grep '^postgres = ' Cargo.toml)
runtime="migrate-runtime = { path = \"$root/migrate-runtime\" }"
static="static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!(\"$root/migrations\");"
program client "$postgres" <<'RUST'
fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names the database");
    postgres::Client::connect(&url, postgres::NoTls).expect("connected");
}
RUST
up="$static

fn main() {
    let url = std::env::var(\"DATABASE_URL\").expect(\"DATABASE_URL names the database\");
    let migrator = migrate_runtime::Migrator::from_url(&MIGRATIONS, &url);
    migrator.and_then(|mut it| it.up()).expect(\"migrated\");
}"
program plain "${runtime/ \}/, default-features = false \}}" <<<"$up"
program runtime "$runtime" <<<"$up"
program cli "$runtime
migration-cli = { path = \"$root/migration-cli\" }" <<RUST
$static

fn main() -> std::process::ExitCode {
    migration_cli::main(&MIGRATIONS)
}
RUST

printf '%-9s %-8s %9s %15s %14s %8s\n' program profile bytes "crates inside" "crates in all" seconds
for it in $programs; do
    cd "$work/$it"
    inside=$(crates normal,no-proc-macro)
    all=$(crates normal,build)
    for profile in release small; do
        export CARGO_TARGET_DIR=$work/target
        rm -rf "$CARGO_TARGET_DIR"
        # Also what cargo started counts; how long it takes depends on the cores.
        seconds=$({ TIMEFORMAT='%U %S'; time cargo build --quiet --offline --profile "$profile" 2>>"$work/log"; } 2>&1 |
            awk '{ print $1 + $2 }')
        bytes=$(wc -c <"$CARGO_TARGET_DIR/$profile/size-$it")
        printf '%-9s %-8s %9d %15d %14d %8.0f\n' "$it" "$profile" "$bytes" "$inside" "$all" "$seconds"
    done
done
