#!/usr/bin/env python3
"""Measures this system side by side with its peers, and both against a floor.

  benches/compare.py [ROW ...] [--reps 7] [--peers NAME,...] [--quick]
  benches/compare.py report

`benches/install_peers.sh` installs the peers first; whoever is not there is listed as not installed. The rows:

  1  nothing to do, with 10, 1,000 and 10,000 migrations
  2  run 1,000, each in a transaction of its own, and all in a single one
  3  run 100 over a link whose round trip takes 20 ms
  4  status and verify, with 1,000 and 10,000
  5  revert one of 5,000, and all of 1,000
  6  CPU seconds of `cargo check`, from nothing and after one script was touched
  7  size of release binaries, and how long one with 10,000 migrations takes to start
  8  peak memory with 10,000 migrations, and with a script of 100 MB

All rows unless told; with --quick every row is run twice with small corpora, to see whether everything works. A
figure is the median of --reps runs; all tools take turns, in a shuffled order. Whoever needs more than a minute has
three runs, and the start of row 7 three times as many. The server is a PostgreSQL started for this in a temporary
folder (see benches/compare/server.py for its settings), whose programs are looked for in PG_BIN, in PATH and where
packages put them. Linux only.

What each run gave is appended to figures.jsonl below BENCH_ROOT (target/compare unless told); a row that is run
again replaces what it gave before. `report` makes benches/results of that alone.
"""
import argparse
import signal
import sys

sys.dont_write_bytecode = True

from compare import common, rows  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="1 to 8, or `report`")
    parser.add_argument("--reps", type=int, default=7)
    parser.add_argument("--peers", default="", help="names, separated by commas; floors are always there")
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args()
    if told.rows == ["report"]:
        from compare import report
        report.write()
        return
    unknown = [it for it in told.rows if it not in rows.ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}")
    if told.quick:
        common.tried()
    # Whoever ends this ends its server and what it runs too.
    for it in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(it, lambda number, _: sys.exit(128 + number))
    rows.run(told.rows or list(rows.ROWS), told.reps, set(told.peers.split(",")) if told.peers else None, told.quick)
    if not told.quick:
        from compare import report
        report.write()
    common.tell(f"figures: {common.FIGURES}")


if __name__ == "__main__":
    main()
