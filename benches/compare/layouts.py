"""The corpus as each tool wants it.

The SQL is never changed: names of files, marks of sections and wrappers are.
"""
import datetime as dt
import hashlib
import json
import shutil

from . import common, corpus
from .common import write


def refinery(out, items):
    for v, name, up, _ in items:
        write(out / f"V{v}__{name}.sql", up)


def sqlx(out, items):
    for v, name, up, down in items:
        write(out / f"{v}_{name}.up.sql", up)
        write(out / f"{v}_{name}.down.sql", down)


def diesel(out, items):
    for v, name, up, down in items:
        write(out / f"{v}_{name}" / "up.sql", up)
        write(out / f"{v}_{name}" / "down.sql", down)


def dbmate(out, items):
    for v, name, up, down in items:
        write(out / f"{v}_{name}.sql", f"-- migrate:up\n{up}\n-- migrate:down\n{down}")


def marked(out, items, tag):
    for v, name, up, down in items:
        write(out / f"{v}_{name}.sql",
              f"-- +{tag} Up\n-- +{tag} StatementBegin\n{up}-- +{tag} StatementEnd\n\n"
              f"-- +{tag} Down\n-- +{tag} StatementBegin\n{down}-- +{tag} StatementEnd\n")


def goose(out, items):
    marked(out, items, "goose")


def sql_migrate(out, items):
    marked(out, items, "migrate")


def sqitch(out, items):
    plan = ["%syntax-version=1.0.0", "%project=bench", ""]
    for v, name, up, down in items:
        when = dt.datetime.strptime(v, "%Y%m%d%H%M%S").strftime("%Y-%m-%dT%H:%M:%SZ")
        change = f"c{v}_{name}"
        plan.append(f"{change} {when} Bench <bench@example.org> # {name}")
        write(out / "deploy" / f"{change}.sql", f"BEGIN;\n{up}COMMIT;\n")
        write(out / "revert" / f"{change}.sql", f"BEGIN;\n{down}COMMIT;\n")
    write(out / "sqitch.plan", "\n".join(plan) + "\n")
    write(out / "sqitch.conf", "[core]\n\tengine = pg\n[user]\n\tname = Bench\n\temail = bench@example.org\n")


def node_pg_migrate(out, items):
    for v, name, up, down in items:
        write(out / f"{v}_{name}.sql", f"-- Up Migration\n{up}\n-- Down Migration\n{down}")


def postgrator(out, items):
    for v, name, up, down in items:
        write(out / f"{v}.do.{name}.sql", up)
        write(out / f"{v}.undo.{name}.sql", down)


def graphile(out, items):
    previous = ""
    for i, (_, name, up, _down) in enumerate(items, 1):
        body = up.strip() + "\n"
        digest = "sha1:" + hashlib.sha1(((previous + "\n" + body.strip()).strip() + "\n").encode()).hexdigest()
        write(out / "migrations" / "committed" / f"{i:06d}-{name.replace('_', '-')}.sql",
              f"--! Previous: {previous or '-'}\n--! Hash: {digest}\n--! Message: {name}\n\n{body}")
        previous = digest
    write(out / "migrations" / "current.sql", "")
    write(out / ".gmrc", json.dumps({"placeholders": {}}))


def alembic(out, items):
    shutil.rmtree(out, ignore_errors=True)
    previous = None
    for v, name, up, down in items:
        write(out / "migrations" / "versions" / f"{v}_{name}.py",
              f'"""{name}"""\nfrom alembic import op\n\nrevision = {v!r}\ndown_revision = {previous!r}\n'
              f"branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    op.execute(r\"\"\"\n{up}\"\"\")\n\n\n"
              f"def downgrade():\n    op.execute(r\"\"\"\n{down}\"\"\")\n")
        previous = v
    write(out / "migrations" / "script.py.mako", "")
    write(out / "migrations" / "env.py", """import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["SQLALCHEMY_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
""")
    write(out / "alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n")


def yoyo(out, items):
    for v, name, up, down in items:
        write(out / f"{v}_{name}.sql", up)
        write(out / f"{v}_{name}.rollback.sql", down)


def concat(out, items):
    """Inputs for psql: everything in one file, one transaction per file through \\i, and the reverse."""
    write(out / "all.sql", "".join(up for _, _, up, _ in items))
    write(out / "all_down.sql", "".join(down for *_, down in reversed(items)))
    base = out.parent / "base"  # which `folder` has made
    write(out / "per_file.sql", "".join(f"BEGIN;\n\\i {base}/{v}_{n}.up.sql\nCOMMIT;\n" for v, n, *_ in items))


LAYOUTS = {"refinery": refinery, "sqlx": sqlx, "diesel": diesel, "dbmate": dbmate, "goose": goose,
           "sql-migrate": sql_migrate, "sqitch": sqitch, "node-pg-migrate": node_pg_migrate, "postgrator": postgrator,
           "graphile": graphile, "alembic": alembic, "yoyo": yoyo, "concat": concat}


def folder(name, layout):
    """The folder with a corpus in a layout, made where it is not there."""
    out = common.ROOT / "corpora" / name / layout
    if layout == "base":
        return corpus.base(name)
    done = common.ROOT / "corpora" / name / f".{layout}.complete"
    if not done.exists():
        corpus.base(name)
        shutil.rmtree(out, ignore_errors=True)
        LAYOUTS[layout](out, corpus.items(name))
        write(done, "")
    return out
