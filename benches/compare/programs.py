"""The programs that have a corpus inside, built by cargo: ours, the peers' libraries, and the floor.

A kind is one workspace with a target folder of its own, so that no kind decides the features of another; in it, a
package for every size of the corpus, whose `migrations` leads to the corpus.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

from . import common, corpus, layouts
from .common import REPOSITORY, ROOT, write

SOURCES = pathlib.Path(__file__).resolve().parent / "programs"
RUNTIME = f'migrate-runtime = {{ path = "{REPOSITORY}/migrate-runtime", default-features = false }}\n'


def locked(name):
    """A dependency as the repository has it."""
    lines = (REPOSITORY / "Cargo.toml").read_text().splitlines()
    return next(it for it in lines if it.startswith(f"{name} = ")) + "\n"


SQLX = ('sqlx = { version = "=0.9.0", default-features = false, features = ["macros", "migrate", "postgres", "runtime-tokio"] }\n'
        'tokio = { version = "1", features = ["rt"] }\n')
DIESEL = ('diesel = { version = "=2.3.14", default-features = false, features = ["postgres"] }\n'
          'diesel_migrations = { version = "=2.3.2", features = ["postgres"] }\n')
REFINERY = 'refinery = { version = "=0.10.0", features = ["postgres", "int8-versions"] }\n'
# What a kind depends on, and the layout that it embeds.
KINDS = {
    "ours": (RUNTIME, "base"),
    "cli": (RUNTIME.replace(", default-features = false", "") + f'migration-cli = {{ path = "{REPOSITORY}/migration-cli" }}\n', "base"),
    "floor": (locked("postgres"), "base"),
    "client": (locked("postgres"), None),
    "refinery": (REFINERY + locked("postgres"), "refinery"),
    "sqlx": (SQLX, "sqlx"),
    "diesel": (DIESEL, "diesel"),
}
BUILD_SCRIPT = 'fn main() {\n    println!("cargo::rerun-if-changed=migrations");\n}\n'
PROFILES = ('[profile.dev.build-override]\nopt-level = 2\n\n[profile.release.build-override]\nopt-level = 2\n')


def array(items, folder="../migrations"):
    """A hand-written array of `include_str!`."""
    rows = [f'    Migration {{ version: {v}, name: "{name}", checksum: "{hashlib.sha256(up.encode()).hexdigest()}", '
            f'up: include_str!("{folder}/{v}_{name}.up.sql"), down: include_str!("{folder}/{v}_{name}.down.sql") }},\n'
            for v, name, up, _ in items]
    return ("pub struct Migration {\n    pub version: i64,\n    pub name: &'static str,\n    pub checksum: &'static str,\n"
            "    pub up: &'static str,\n    pub down: &'static str,\n}\n\npub static MIGRATIONS: &[Migration] = &[\n" + "".join(rows) + "];\n")


def workspace(folder, lock):
    """A workspace whose packages are the folders with a number, or what else comes after a `_`."""
    write(folder / "Cargo.toml", f'[workspace]\nresolver = "3"\nmembers = ["*_*"]\n\n{PROFILES}')
    if lock and not (folder / "Cargo.lock").exists():
        shutil.copy(REPOSITORY / "Cargo.lock", folder / "Cargo.lock")


def package(folder, dependencies, main):
    write(folder / "Cargo.toml", f'[package]\nname = "{folder.name}"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n{dependencies}')
    write(folder / "src" / "main.rs", main)


def generate(kind, name):
    dependencies, layout = KINDS[kind]
    top = ROOT / "programs" / kind
    workspace(top, lock=kind in ("ours", "cli", "floor", "client"))
    folder = top / f"{kind}_{name}"
    package(folder, dependencies, (SOURCES / f"{kind}.rs").read_text())
    if layout:
        inside = layouts.folder(name, layout)
        if not (folder / "migrations").is_symlink():
            (folder / "migrations").symlink_to(inside)
    if kind == "floor":
        write(folder / "src" / "corpus.rs", array(corpus.items(name)))
    elif kind != "client":
        write(folder / "build.rs", BUILD_SCRIPT)
    return top


# How long a build may take.
PATIENCE = 1200


def cargo(top, target, *args):
    env = {**os.environ, "CARGO_TARGET_DIR": str(target), "CARGO_TERM_COLOR": "never"}
    try:
        it = subprocess.run(["cargo", *args], cwd=top, capture_output=True, text=True, env=env, timeout=PATIENCE)
    except subprocess.TimeoutExpired as late:
        raise common.Failed(f"not built after {PATIENCE / 60:.0f} minutes") from late
    if it.returncode:
        raise common.Failed(f"cargo {' '.join(args)}: {it.stderr.strip()[-1500:]}")


built = {}


def program(kind, name):
    """The release binary of a kind with a corpus inside."""
    target = ROOT / "target" / kind
    if (kind, name) not in built:
        top = generate(kind, name)
        common.tell(f"building {kind} with {name}")
        try:
            cargo(top, target, "build", "--release", "--quiet", "--package", f"{kind}_{name}")
            built[kind, name] = None
        except common.Failed as failure:
            built[kind, name] = failure
    if built[kind, name]:
        raise built[kind, name]
    return target / "release" / f"{kind}_{name}"


def small(source):
    """A program of one file, compiled by rustc alone."""
    path, out = SOURCES / f"{source}.rs", ROOT / "target" / source
    if not out.exists() or out.stat().st_mtime < path.stat().st_mtime:
        out.parent.mkdir(parents=True, exist_ok=True)
        common.output("rustc", "-O", "--edition", "2024", "-o", out, path)
    return out
