"""Where things are, and how they are written."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
ROOT = pathlib.Path(os.environ.get("BENCH_ROOT") or
                    pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or REPOSITORY / "target") / "compare").absolute()
FIGURES = ROOT / "figures.jsonl"
RESULTS = REPOSITORY / "benches" / "results"


class Failed(Exception):
    """What could not be measured, and why."""


def write(path, text):
    """Writes a file unless it says that already, so that nothing is built again without need."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def tell(*words):
    print(*words, file=sys.stderr, flush=True)


def output(*argv, **more):
    """What a program prints; its own words where it fails."""
    it = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **more)
    if it.returncode:
        raise Failed(f"{pathlib.Path(argv[0]).name}: {(it.stderr or it.stdout).strip()[-800:]}")
    return it.stdout.strip()


def tried():
    """Writes figures that are only a try somewhere else."""
    global FIGURES
    FIGURES = ROOT / "tried.jsonl"


def record(**figures):
    """Appends to the raw figures."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    with open(FIGURES, "a") as out:
        out.write(json.dumps(figures) + "\n")


def recorded():
    if not FIGURES.exists():
        return []
    return [json.loads(line) for line in FIGURES.read_text().splitlines() if line.strip()]


def postgres_programs():
    """The folder with PostgreSQL's programs: PG_BIN, that of `initdb` in PATH, or where packages put them."""
    if os.environ.get("PG_BIN"):
        return pathlib.Path(os.environ["PG_BIN"])
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).resolve().parent
    places = []
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/pgsql/bin"):
        places += [it for it in pathlib.Path("/").glob(pattern) if (it / "initdb").exists()]
    if not places:
        raise SystemExit("no initdb and psql of PostgreSQL found: PG_BIN names their folder")
    # The highest version comes first.
    return max(places, key=lambda it: [int(n) for n in "".join(c if c.isdigit() else " " for c in str(it)).split()])
