"""What embedding costs: CPU seconds of `cargo check`, size of release binaries, time to start.

The packages of row 6 embed and do nothing else, and everything that they depend on is compiled before, a database
client among it. All have build scripts and macros optimised, as the README recommends.

  empty      nothing embedded
  array      a hand-written array of `include_str!`
  unparsed   `embed_migrations!` without its feature `parser`
  parsed     `embed_migrations!`
"""
import random
import shutil
import time

from . import common, corpus, layouts, programs
from .common import REPOSITORY, ROOT
from .peers import PEERS

CLIENT = programs.locked("postgres")
TEST_RUNTIME = (f'migrate-runtime = {{ package = "macro-test-runtime", path = "{REPOSITORY}/migrate-macros/tests/runtime", '
                'default-features = false }\n')
OURS = ('static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("migrations");\n\n'
        'fn main() {\n    println!("{}", MIGRATIONS.len());\n}\n')
# Dependencies, layout, source.
KINDS = {
    "empty": (CLIENT, None, "use postgres as _;\n\nfn main() {}\n"),
    "array": (CLIENT, "base", "use postgres as _;\n\nmod corpus;\n\nfn main() {\n    println!(\"{}\", corpus::MIGRATIONS.len());\n}\n"),
    "unparsed": (CLIENT + TEST_RUNTIME, "base", "use postgres as _;\n\n" + OURS),
    "parsed": (programs.RUNTIME, "base", OURS),
    "refinery": (programs.KINDS["refinery"][0], "refinery",
                 'refinery::embed_migrations!("migrations");\n\nfn main() {\n    println!("{}", migrations::runner().get_migrations().len());\n}\n'),
    "sqlx": (programs.SQLX, "sqlx",
             'static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");\n\nfn main() {\n    println!("{}", MIGRATOR.iter().count());\n}\n'),
    "diesel": (programs.DIESEL, "diesel",
               "use diesel::{migration::MigrationSource, pg::Pg};\n\nconst MIGRATIONS: diesel_migrations::EmbeddedMigrations = "
               'diesel_migrations::embed_migrations!("migrations");\n\nfn main() {\n'
               "    let list = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap();\n    println!(\"{}\", list.len());\n}\n"),
}


def generate(kind, size):
    """A package whose scripts are its own, for they will be touched."""
    dependencies, layout, main = KINDS[kind]
    top = ROOT / "checks" / kind
    folder = top / f"check-{kind}_{size}"
    programs.workspace(top, lock=kind in ("empty", "array", "unparsed", "parsed"))
    shutil.rmtree(folder, ignore_errors=True)
    programs.package(folder, dependencies, main)
    if layout:
        shutil.copytree(layouts.folder(size, layout), folder / "migrations")
    if kind == "array":
        common.write(folder / "src" / "corpus.rs", programs.array(corpus.items(size)))
    elif layout:
        common.write(folder / "build.rs", programs.BUILD_SCRIPT)
    return folder


def check(bench, folder, target):
    """The figures of one `cargo check`, and whether it compiled the package."""
    argv = ["cargo", "check", "--color", "never", "--package", folder.name]
    code, figures = bench.start(argv, {"CARGO_TARGET_DIR": str(target)}, folder.parent, "cargo.log")
    words = (bench.tmp / "cargo.log").read_text(errors="replace")
    if code:
        raise common.Failed(words[-600:])
    # Cargo says one of the two, for build script and package together.
    return figures, any(f"{it} {folder.name} " in words for it in ("Checking", "Compiling"))


def cold(bench, folder, target):
    # The build script is compiled and run apart: it is the same for all.
    check(bench, folder, target)
    for it in (target / "debug" / "incremental").glob(folder.name.replace("-", "_") + "-*"):
        shutil.rmtree(it)
    (folder / "src" / "main.rs").touch()
    return check(bench, folder, target)


def touch(bench, folder, target):
    check(bench, folder, target)
    scripts = sorted(it for it in (folder / "migrations").rglob("*.sql") if "down" not in it.name)
    script = scripts[len(scripts) // 2]
    old = script.read_text()
    # Cargo looks at times, and some file systems have coarse ones.
    time.sleep(1.1)
    script.write_text(old + f"-- touched {random.getrandbits(60):x}\n")
    figures = check(bench, folder, target)
    time.sleep(1.1)
    script.write_text(old)
    return figures


def checks(bench, sizes, reps):
    for size in sizes:
        folders = {}
        for kind in KINDS:
            facts = {"row": 6, "op": "check", "n": size}
            # Each kind has a target folder of its own; only this one package of it is compiled while it counts.
            folder, target = generate(kind, size), ROOT / "target" / f"check-{kind}"
            if bench.try_(facts, kind, lambda: check(bench, folder, target)):
                folders[kind] = (folder, target)
        for rep in range(reps):
            for op, work in (("cold", cold), ("touch", touch)):
                for kind in random.sample(list(folders), len(folders)):
                    if op == "touch" and kind == "empty":
                        continue
                    facts = {"row": 6, "op": op, "n": size}

                    def run():
                        figures, noticed = work(bench, *folders[kind])
                        if not noticed:
                            raise common.Failed("cargo saw nothing to do")
                        common.record(**facts, peer=kind, rep=rep, **figures)
                    bench.try_(facts, kind, run)
            common.tell(f"row 6 {size}: repetition {rep + 1}")


def sizes(bench, numbers, reps):
    """Row 7: bytes of release binaries, and how long the largest needs to count what it has."""
    most = {kind: PEERS[f"{kind}-lib"].most for kind in ("refinery", "sqlx", "diesel")}
    names = {kind: [it for it in numbers if int(it) <= most.get(kind, 10**6)] for kind in ("floor", "ours", "cli", *most)}
    names["client"] = numbers[:1]
    largest = {}
    for kind, all_of_them in names.items():
        for size in all_of_them:
            facts = {"row": 7, "op": "size", "n": size}

            def weigh():
                binary = programs.program(kind, size)
                scripts = corpus.items(size)
                embedded = sum(len(up) + (len(down) if kind != "refinery" else 0) for _, _, up, down in scripts)
                common.record(**facts, peer=kind, bytes=binary.stat().st_size, scripts=0 if kind == "client" else embedded)
                if kind not in ("client", "cli") and size == numbers[-1]:
                    largest[kind] = binary
            bench.try_(facts, kind, weigh)
    for rep in range(reps * 3):
        for kind in random.sample(list(largest), len(largest)):
            code, figures = bench.start([largest[kind], "count"])
            if code == 0:
                common.record(row=7, op="start", n=numbers[-1], peer=kind, rep=rep, **figures)
