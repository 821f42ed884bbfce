"""What is measured: how each tool does each operation.

The operations: up, up_one (in a single transaction), noop (up, with nothing to do), status, verify, down1, downall.
An operation that a tool lacks is absent. Two of the same `history` leave the same database behind, and may read
each other's. `most` is the largest corpus that a tool is asked with: those that need minutes are spared the rest.
"""
import os
import pathlib
import shutil
from dataclasses import dataclass, field

from . import common, layouts, programs

TOOLS = {"refinery": "tools/cargo/bin/refinery", "sqlx": "tools/cargo/bin/sqlx", "diesel": "tools/cargo/bin/diesel",
         "dbmate": "tools/node/node_modules/@dbmate/linux-x64/bin/dbmate", "node-pg-migrate": "tools/node/node_modules/.bin/node-pg-migrate",
         "postgrator": "tools/node/node_modules/.bin/postgrator", "graphile-migrate": "tools/node/node_modules/.bin/graphile-migrate",
         "alembic": "tools/venv/bin/alembic", "yoyo": "tools/venv/bin/yoyo", "sql-migrate": "tools/sql-migrate/package/bin/sql-migrate",
         "goose": "tools/goose", "golang-migrate": "tools/migrate", "sqitch": "/usr/bin/sqitch"}
IN_PATH = {"golang-migrate": "migrate"}


def tool(name):
    """Where a tool is, or None: TOOL_NAME, below BENCH_ROOT, or in PATH."""
    told = os.environ.get("TOOL_" + name.upper().replace("-", "_"))
    for it in (told, common.ROOT / TOOLS[name]):
        if it and pathlib.Path(it).exists():
            return str(it)
    return shutil.which(IN_PATH.get(name, name)) if name not in ("refinery", "sqlx", "diesel") else None


@dataclass
class Ctx:
    """One corpus and one database, as a tool sees them."""
    name: str
    db: str
    port: int
    host: str = "127.0.0.1"

    @property
    def url(self):
        return f"postgres://bench:x@{self.host}:{self.port}/{self.db}?sslmode=disable"

    @property
    def sqlalchemy(self):
        return f"postgresql+psycopg://bench:x@{self.host}:{self.port}/{self.db}"

    def dir(self, layout):
        return layouts.folder(self.name, layout)

    def versions(self):
        return sorted(p.name.split("_", 1)[0] for p in self.dir("base").glob("*.up.sql"))


@dataclass
class Peer:
    ops: dict                       # operation -> function(Ctx) -> list of arguments
    group: str = "tool"             # ours, floor, lib, tool
    history: str = ""
    env: object = None              # function(Ctx) -> more environment
    cwd: object = None              # function(Ctx) -> working directory
    needs: str = ""                 # a tool
    version: list = field(default_factory=list)  # arguments that print it
    most: int = 10000
    shown: str = ""                 # what the report says it is


def library(kind, group, ops, **more):
    words = {"up": ["up"], "up_one": ["up", "one"], "noop": ["noop"], "status": ["status"], "verify": ["verify"],
             "down1": ["down", "1"], "downall": ["down", "all"], "count": ["count"]}

    def argv(op):
        def of(c):
            first, *rest = words[op]
            return [programs.program(kind, c.name), first, c.url, *rest]
        return of
    return Peer({op: argv(op) for op in ops}, group=group, history=more.pop("history", kind), **more)


def floor(words, **more):
    return Peer({op: (lambda c, w=w: [programs.program("floor", c.name), w[0], c.url, *w[1:]]) for op, w in words.items()},
                group="floor", history="floor", **more)


def psql(*args):
    return lambda c: [common.postgres_programs() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", c.host, "-p", c.port, "-U", "bench",
                      "-d", c.db, *[a.replace("@", str(c.dir("concat"))) for a in args]]


def recording(c, op):
    return common.ROOT / "recordings" / f"{op}-{c.name}"


def replay(op):
    return lambda c: [programs.small("replay"), recording(c, op), f"{c.host}:{c.port}", c.db]


def cli(*args):
    return lambda c: [programs.program("cli", c.name), *args]


def cli_env(c):
    return {"DATABASE_URL": c.url, "MIGRATION_ENV": "production"}


def command(name, *args):
    """A tool and its arguments; functions among these get the Ctx."""
    return lambda c: [tool(name), *[a(c) if callable(a) else a for a in args]]


def sqlx(*args):
    return command("sqlx", "migrate", *args, "--source", lambda c: c.dir("sqlx"), "--database-url", lambda c: c.url)


def diesel(*args):
    return command("diesel", "migration", *args, "--migration-dir", lambda c: c.dir("diesel"), "--database-url", lambda c: c.url)


def dbmate(*args):
    return command("dbmate", "--url", lambda c: c.url, "-d", lambda c: c.dir("dbmate"), "--no-dump-schema", *args)


def refinery(*args):
    return command("refinery", "migrate", *args, "-e", "DATABASE_URL", "-p", lambda c: c.dir("refinery"))


def postgrator(target):
    return command("postgrator", "--no-config", "--to", target, "--host", lambda c: c.host, "--port", lambda c: c.port, "--username", "bench",
                   "--password", "x", "--database", lambda c: c.db, "--migration-pattern", lambda c: f"{c.dir('postgrator')}/*")


def sql_migrate(verb, *args):
    def config(c):
        path = common.ROOT / "tmp" / f"sql-migrate-{c.db}.yml"
        common.write(path, f"bench:\n  dialect: postgres\n  datasource: {c.url}\n  dir: {c.dir('sql-migrate')}\n  table: migrations\n")
        return f"-config={path}"
    return command("sql-migrate", verb, config, "-env=bench", *args)


def goose(*args):
    return command("goose", "-dir", lambda c: c.dir("goose"), "postgres", lambda c: c.url, *args)


def golang_migrate(*args):
    return command("golang-migrate", "-path", lambda c: c.dir("sqlx"), "-database", lambda c: c.url, *args)


def alembic(*args):
    return command("alembic", "-c", lambda c: c.dir("alembic") / "alembic.ini", *args)


def yoyo(verb, *args):
    return command("yoyo", verb, "--batch", "--no-config-file", "--database", lambda c: c.sqlalchemy, *args, lambda c: c.dir("yoyo"))


def yoyo_last(c):
    last = c.versions()[-1]
    return next(p.name[:-4] for p in c.dir("yoyo").glob(f"{last}_*.sql") if not p.name.endswith(".rollback.sql"))


def sqitch(*args):
    return command("sqitch", *args, lambda c: f"db:pg://bench:x@{c.host}:{c.port}/{c.db}")


def node_pg_migrate(*args):
    return command("node-pg-migrate", *args, "--no-verbose", "-m", lambda c: c.dir("node-pg-migrate"))


READ = ("noop", "status", "verify", "down1", "downall")
PEERS = {
    "floor-query": floor({"noop": ["query"]}, shown="connects and asks for the history"),
    "floor-read": floor({"status": ["status"], "verify": ["status"]}, shown="bare client: asks for the history, prints the list"),
    "floor-each": floor({"up": ["up", "each"], "down1": ["down", "1"], "downall": ["down", "all"]},
                        shown="bare client: script and row, a message and a transaction each"),
    "floor-one": floor({"up_one": ["up", "one"]}, shown="bare client: one transaction, a message each"),
    "floor-mega": floor({"up_one": ["up", "mega"]}, shown="bare client: everything in one message"),
    "floor-replay": Peer({"up": replay("up"), "up_one": replay("up_one")}, group="floor", history="ours", shown="the very messages of ours-lib, sent again"),
    "psql-tx-per-file": Peer({"up": psql("-f", "@/per_file.sql")}, group="floor", history="none", shown="psql, one file that includes each, no history"),
    "psql-one-tx": Peer({"up_one": psql("-1", "-f", "@/all.sql"), "downall": psql("-1", "-f", "@/all_down.sql")}, group="floor", history="none",
                        shown="psql -1, one file with everything, no history"),
    "ours-lib": library("ours", "ours", ("up", "up_one", *READ), shown="`Migrator` in a program"),
    "ours-lib-noschema": library("ours", "ours", ("up", "up_one", "down1", "downall"), history="ours-noschema", env=lambda c: {"MIGRATE_RECORD_SCHEMA": "off"},
                                 shown="the same, and the schema is not recorded"),
    "ours-cli": Peer({"up": cli("up", "--yes", "--non-interactive"), "up_one": cli("up", "--yes", "--non-interactive", "--single-transaction"),
                      "noop": cli("up", "--yes", "--non-interactive"), "status": cli("status"), "verify": cli("verify"),
                      "down1": cli("down", "--yes", "--non-interactive"), "downall": cli("down", "--all", "--yes", "--non-interactive")},
                     group="ours", history="ours-cli", env=cli_env, shown="a binary with every command"),
    # Its build takes more than ten minutes with 5,000.
    "refinery-lib": library("refinery", "lib", ("up", "up_one", "noop", "status"), most=1000),
    "sqlx-lib": library("sqlx", "lib", ("up", "noop", "status", "down1", "downall")),
    "diesel-lib": library("diesel", "lib", ("up", "noop", "status", "down1", "downall")),
    "refinery-cli": Peer({"up": refinery(), "up_one": refinery("-g"), "noop": refinery()}, history="refinery", needs="refinery",
                         env=lambda c: {"DATABASE_URL": c.url.replace("?sslmode=disable", "")}, version=["--version"]),
    "sqlx-cli": Peer({"up": sqlx("run"), "noop": sqlx("run"), "status": sqlx("info"), "down1": sqlx("revert"),
                      "downall": sqlx("revert", "--target-version", "0")}, history="sqlx", needs="sqlx", version=["--version"]),
    "diesel-cli": Peer({"up": diesel("run"), "noop": diesel("run"), "status": diesel("list"), "down1": diesel("revert"),
                        "downall": diesel("revert", "--all")}, history="diesel", needs="diesel", cwd=lambda c: c.dir("diesel"), version=["--version"]),
    "dbmate": Peer({"up": dbmate("migrate"), "noop": dbmate("migrate"), "status": dbmate("status"), "down1": dbmate("rollback")},
                   needs="dbmate", version=["--version"]),
    "goose": Peer({"up": goose("up"), "noop": goose("up"), "status": goose("status"), "down1": goose("down"), "downall": goose("reset")},
                  needs="goose", version=["-version"]),
    "golang-migrate": Peer({"up": golang_migrate("up"), "noop": golang_migrate("up"), "status": golang_migrate("version"),
                            "down1": golang_migrate("down", "1"), "downall": golang_migrate("down", "-all")}, needs="golang-migrate", version=["-version"]),
    "sql-migrate": Peer({"up": sql_migrate("up"), "noop": sql_migrate("up"), "status": sql_migrate("status"), "down1": sql_migrate("down", "-limit=1"),
                         "downall": sql_migrate("down", "-limit=0")}, needs="sql-migrate", version=["--version"]),
    "node-pg-migrate": Peer({"up": node_pg_migrate("up"), "noop": node_pg_migrate("up"), "down1": node_pg_migrate("down"),
                             "downall": node_pg_migrate("down", lambda c: c.name)}, needs="node-pg-migrate",
                            env=lambda c: {"DATABASE_URL": c.url}, version=["--version"], most=1000),
    "postgrator": Peer({"up": postgrator("max"), "noop": postgrator("max"), "down1": postgrator(lambda c: c.versions()[-2]), "downall": postgrator("0")},
                       needs="postgrator", version=["--version"], most=1000),
    "graphile-migrate": Peer({"up": command("graphile-migrate", "migrate"), "noop": command("graphile-migrate", "migrate"),
                              "status": command("graphile-migrate", "status")}, needs="graphile-migrate", cwd=lambda c: c.dir("graphile"),
                             env=lambda c: {"DATABASE_URL": c.url, "SHADOW_DATABASE_URL": c.url + "&x=1", "ROOT_DATABASE_URL": c.url + "&x=2"},
                             version=["--version"], most=1000),
    "alembic": Peer({"up": alembic("upgrade", "head"), "noop": alembic("upgrade", "head"), "status": alembic("history", "-i"),
                     "down1": alembic("downgrade", "-1"), "downall": alembic("downgrade", "base")}, needs="alembic",
                    env=lambda c: {"SQLALCHEMY_URL": c.sqlalchemy}, version=["--version"], most=1000),
    "yoyo": Peer({"up": yoyo("apply"), "noop": yoyo("apply"), "status": yoyo("list"), "down1": yoyo("rollback", "--revision", yoyo_last),
                  "downall": yoyo("rollback", "--all")}, needs="yoyo", version=["--version"], most=1000),
    "sqitch": Peer({"up": sqitch("deploy", "--no-verify"), "noop": sqitch("deploy", "--no-verify"), "status": sqitch("status"),
                    "down1": sqitch("revert", "-y", "--to", "@HEAD^"), "downall": sqitch("revert", "-y")}, needs="sqitch",
                   cwd=lambda c: c.dir("sqitch"), env=lambda c: {"SQITCH_FULLNAME": "Bench", "SQITCH_EMAIL": "b@example.org", "TZ": "UTC"},
                   version=["--version"], most=1000),
}
for name, peer in PEERS.items():
    peer.history = peer.history or name


def missing(peer):
    return bool(peer.needs) and tool(peer.needs) is None
