"""benches/results: what the raw figures say, as Markdown and as a picture."""
import os
import platform
import re
import subprocess
import time

from . import chart, common, figures, programs
from .peers import PEERS, missing, tool

TITLES = {
    "noop": "Nothing to do, {n} migrations", "up": "Run {n}, a transaction each", "up_one": "Run {n} in a single transaction",
    "status": "status of {n}", "verify": "verify of {n}", "down1": "Revert one of {n}", "downall": "Revert all of {n}",
    "cold": "cargo check of {n} pairs, nothing compiled", "touch": "cargo check of {n} pairs, one script touched",
    "start": "Start a program with {n} migrations inside, count them",
}
LEGEND = """`ours-lib` is a program with `embed_migrations!` and `Migrator`, without TLS as the libraries beside it; `ours-cli` a
binary with every command; `ours-lib-noschema` the first with `Settings::record_schema` off. Names that end in `-lib`
are the tool's library in a program, the others its command. × is the ratio to the floor of the table, which is the one
with 1.00. Client CPU is that of the process and all it starts, server CPU that of its sessions (in steps of 10 ms, hence a
mean), peak memory that of its largest process. Round trips are counted by a proxy, without those of connecting."""
FLOOR_WORDS = "\n".join(f"- `{name}`: {it.shown}" for name, it in PEERS.items() if it.group == "floor")


def title(table):
    text = TITLES[table.op]
    if table.row == 3:
        text = "Run {n}, a transaction each, over a link of 20 ms"
    elif table.row == 8:
        text = "Peak memory of running {n}"
    number = "one script of 100 MB" if table.size == "big" else f"{int(table.size):,}"
    return text.format(n=number)


def seconds(it):
    return f"{it * 1000:.1f} ms" if it < 1 else f"{it:.2f} s"


def mebibytes(kib):
    return f"{kib / 1024:.1f} MB"


def one_line(text):
    words = " ".join(text.split())
    return (words if len(words) < 160 else words[:157] + "…").replace("|", "\\|").replace(str(common.ROOT), "…")


def shown(name):
    return f"**{name}**" if figures.group(name) == "ours" else f"_{name}_" if figures.group(name) == "floor" else name


def cells(table):
    head = ["", "runs", "wall, median", "min–max", "×", "client CPU", "server CPU", "peak memory", "round trips"]
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    for it in table.ordered():
        low, high = it.spread("wall")
        ratio = table.ratio(it.name)
        server = seconds(it.mean("server_cpu")) if "server_cpu" in it.runs[0] else ""
        words = [shown(it.name), str(len(it.runs)), seconds(it.median("wall")), f"{seconds(low)}–{seconds(high)}", f"{ratio:.2f}" if ratio else "",
                 seconds(it.median("cpu")), server, mebibytes(it.median("peak_kib")), "" if it.turns is None else str(it.turns)]
        yield "| " + " | ".join(words) + " |"


def section(table):
    yield f"### {title(table)}\n"
    ours, best = table.ours(), table.best()
    if ours and best and best.median(table.what) < ours.median(table.what):
        ahead = [it.name for it in table.ordered() if it.group == "ours" and it.median(table.what) <= best.median(table.what)]
        yield f"**Not first:** {best.name} is ahead of {ours.name}{', and behind ' + ' and '.join(ahead) if ahead else ''}.\n"
    yield from cells(table)
    yield ""
    asked = figures.bars(table)
    if asked:
        yield "| bar | measured | met |\n| --- | --- | --- |"
        for bar, measured, met in asked:
            yield f"| {bar} | {measured} | {'yes' if met else '**no**'} |"
        yield ""
    absent = {}
    for it in table.cells.values():
        if it.failed:
            absent.setdefault(one_line(it.failed), []).append(it.name)
    for reason, names in absent.items():
        yield f"- {', '.join(names)}: {reason}"
    if absent:
        yield ""


def weights(found):
    lines = list(figures.sizes(found))
    if not lines:
        return
    numbers = sorted({n for _, sizes, *_ in lines for n in sizes})
    yield "### Size of a release binary\n"
    yield ("`client` is the bare database client, `floor` that and an array of `include_str!`. The part of the runtime is what is more "
           "than the client, with no migration inside. refinery embeds up scripts alone.\n")
    yield "| | " + " | ".join(f"{n:,} inside" for n in numbers) + " | the runtime | each migration | its scripts |"
    yield "| --- |" + " ---: |" * (len(numbers) + 3)
    for kind, sizes, own, each, scripts in lines:
        row = [f"{sizes[n] / 1e6:.2f} MB" if n in sizes else "" for n in numbers]
        row += [f"{own / 1e6:.2f} MB", f"{each:.0f} B", f"{scripts:.0f} B"] if each and own is not None else ["", "", ""]
        yield f"| {shown(kind)} | " + " | ".join(row) + " |"
    yield ""


def versions():
    """What each tool says of itself."""
    for name, peer in PEERS.items():
        if not peer.needs:
            continue
        if missing(peer):
            yield name, "not installed"
            continue
        path = f"{common.postgres_programs()}:{os.environ['PATH']}"
        said = subprocess.run([tool(peer.needs), *peer.version], capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=60)
        number = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
        yield name, number.group(0) if number else "installed"
    for kind in ("refinery", "sqlx", "diesel"):
        yield f"{kind}-lib", re.search(r'version = "=([\d.]+)"', programs.KINDS[kind][0]).group(1)


def take_facts(rows):
    """What is measured, and on which machine: kept with the figures of these rows."""
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo").read()).group(1)) / 1048576
    commit = common.output("git", "-C", common.REPOSITORY, "rev-parse", "--short=12", "HEAD")
    common.record(facts={
        "rows": rows, "date": time.strftime("%Y-%m-%d"), "commit": commit, "CPU": cpu, "cores": os.cpu_count(), "memory": f"{memory:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}", "PostgreSQL": common.output(common.postgres_programs() / "postgres", "--version").split()[2],
        "Rust": common.output("rustc", "--version").split()[1], "peers": dict(versions())})


def document(found, facts):
    yield "# Measured side by side\n"
    yield ("Written by `benches/compare.py`, which says in its head what it measures; `benches/install_peers.sh` installs the others. "
           "Only figures of one table compare.\n")
    yield "![How many times the floor each tool takes](chart.svg)\n"
    yield "## What, and on what\n"
    for one in facts:
        yield "| | |\n| --- | --- |"
        for name, value in one.items():
            if name != "peers":
                yield f"| {name} | {', '.join(value) if name == 'rows' else value} |"
        yield ""
    peers = {name: version for one in facts for name, version in one["peers"].items()}
    yield "Tools: " + ", ".join(f"{name} {version}" for name, version in peers.items()) + ".\n"
    yield LEGEND + "\n"
    yield "The floors:\n\n" + FLOOR_WORDS + "\n"
    yield "## Bars\n"
    yield "Where one is missed, [why, and what the limit is](../limits.md).\n"
    yield "| | bar | measured | met |\n| --- | --- | --- | --- |"
    for table in found.values():
        for bar, measured, met in figures.bars(table):
            yield f"| {title(table)} | {bar} | {measured} | {'yes' if met else '**no**'} |"
    yield ""
    row, names = None, {1: "Nothing to do", 2: "Run", 3: "Over a link", 4: "Read", 5: "Revert", 6: "Build", 7: "Size and start", 8: "Memory"}
    for table in found.values():
        if table.row != row:
            row = table.row
            yield f"## {row}. {names[row]}\n"
            if row == 6:
                yield "CPU seconds of cargo and all that it starts; `array` is a hand-written array of `include_str!`.\n"
            if row == 7:
                yield from weights(found)
        if table.op in TITLES:
            yield from section(table)


def write():
    found = figures.tables()
    if not found:
        raise SystemExit(f"no figures in {common.FIGURES}")
    facts = [it["facts"] for it in common.recorded() if "facts" in it]
    common.RESULTS.mkdir(parents=True, exist_ok=True)
    (common.RESULTS / "README.md").write_text("\n".join(document(found, facts)).rstrip() + "\n")
    (common.RESULTS / "chart.svg").write_text(chart.draw([(title(it), it) for it in found.values() if it.op in TITLES]))
    common.tell(f"wrote {common.RESULTS}")
