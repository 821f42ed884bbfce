"""The rows of the comparison: what is run with which corpora."""
from . import builds, common, report
from .measure import Bench
from .peers import PEERS
from .server import Server


def nothing_to_do(bench, quick):
    for size in ["10"] if quick else ["10", "1000", "10000"]:
        bench.row(1, "noop", size)
        bench.forget()


def run_all(bench, quick):
    for op in ("up", "up_one"):
        bench.row(2, op, "20" if quick else "1000")


def over_a_link(bench, quick):
    bench.row(3, "up", "20" if quick else "100", delay=0.01, turns=False)


def read(bench, quick):
    for size in ["10"] if quick else ["1000", "10000"]:
        for op in ("status", "verify"):
            bench.row(4, op, size)
        bench.forget()


def revert(bench, quick):
    bench.row(5, "down1", "20" if quick else "5000")
    bench.forget()
    bench.row(5, "downall", "20" if quick else "1000")
    bench.forget()


def build(bench, quick):
    builds.checks(bench, ["10"] if quick else ["10", "100", "1000", "5000"], bench.reps)


def weigh(bench, quick):
    builds.sizes(bench, ["10", "20"] if quick else ["10", "1000", "10000"], bench.reps)


def memory(bench, quick):
    for size in ["20"] if quick else ["big", "10000"]:
        names = [it for it in PEERS if it not in ("floor-replay", "psql-tx-per-file")]
        bench.row(8, "up", size, names, turns=False)


ROWS = {"1": nothing_to_do, "2": run_all, "3": over_a_link, "4": read, "5": revert, "6": build, "7": weigh, "8": memory}


def run(chosen, reps, only, quick):
    """Runs rows, each in the place of what it gave before."""
    kept = common.recorded()
    common.FIGURES.unlink(missing_ok=True)
    for it in kept:
        if "facts" in it:
            it["facts"]["rows"] = [row for row in it["facts"]["rows"] if row not in chosen]
            if it["facts"]["rows"]:
                common.record(**it)
        elif str(it["row"]) not in chosen:
            common.record(**it)
    report.take_facts(chosen)
    with Server() as server:
        bench = Bench(server, 2 if quick else reps, only)
        for it in chosen:
            ROWS[it](bench, quick)
