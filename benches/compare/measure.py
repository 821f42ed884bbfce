"""Runs an operation of a tool on a database, and tells what it took.

Each repetition runs every tool once, in a shuffled order. `up` gets a new and empty database each time, `downall` a
copy of a migrated one; what only reads takes turns on one that stays. A CHECKPOINT comes before each run. A run
counts only if it exits with 0 and leaves as many tables of the corpus as promised; one that does not ends the
tool's turn in this row, with its reason.
"""
import os
import random
import signal
import subprocess

from . import common, corpus, programs, proxy
from .peers import PEERS, Ctx, missing, recording

TIMEOUT = 900


class Bench:
    def __init__(self, server, reps, only=None):
        self.server, self.reps, self.only = server, reps, only
        self.launch = programs.small("launch")
        self.tmp = common.ROOT / "tmp" / str(os.getpid())
        self.tmp.mkdir(parents=True, exist_ok=True)
        self.usual = server.backends()
        self.prepared = set()

    def start(self, argv, env=None, cwd=None, log="log", timeout=TIMEOUT):
        """Runs a program; its exit status and figures."""
        out, log = self.tmp / "launched", self.tmp / log
        argv = [str(self.launch), str(out), *map(str, argv)]
        path = f"{self.server.bin}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", **(env or {})}
        with open(log, "wb") as words:
            it = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=words, stderr=words, env=env, cwd=cwd or self.tmp, start_new_session=True)
            try:
                it.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(it.pid, signal.SIGKILL)
                it.wait()
                raise common.Failed(f"not done after {timeout} s")
            except BaseException:
                os.killpg(it.pid, signal.SIGKILL)
                raise
        code, wall, user, system, peak = out.read_text().split()
        return int(code), {"wall": float(wall), "cpu": float(user) + float(system), "peak_kib": int(peak)}

    def operate(self, name, op, ctx, timeout=TIMEOUT):
        """One run of one tool; raises where it fails."""
        peer = PEERS[name]
        argv = peer.ops[op](ctx)
        before = self.server.cpu()
        code, figures = self.start(argv, peer.env(ctx) if peer.env else None, peer.cwd(ctx) if peer.cwd else None, f"{name}.log", timeout)
        if code:
            words = (self.tmp / f"{name}.log").read_text(errors="replace").strip()
            raise common.Failed(f"exit {code}: {words[-600:]}")
        self.server.settle(self.usual)
        return {**figures, "server_cpu": round(self.server.cpu() - before, 3)}

    def check(self, db, want):
        found = self.server.tables(db)
        if found != want:
            raise common.Failed(f"{found} tables instead of {want}")

    def migrated(self, name, size):
        """The database that a tool's history has left, made once."""
        db = f"done_{PEERS[name].history}_{size}".replace("-", "_")
        if db not in self.prepared:
            self.server.recreate(db)
            # Nobody measures this.
            self.server.sql("postgres", f"ALTER DATABASE {db} SET synchronous_commit = off")
            self.operate(maker(name), "up", Ctx(size, db, self.server.port))
            self.check(db, corpus.tables(size))
            self.server.sql("postgres", f"ALTER DATABASE {db} RESET synchronous_commit")
            self.server.sql(db, "ANALYZE")
            self.prepared.add(db)
        return db

    def forget(self):
        """Drops what was prepared."""
        for it in self.prepared:
            self.server.drop(it)
        self.prepared.clear()

    def once(self, name, op, size, port=None, timeout=TIMEOUT):
        """One run with all that belongs to it: database, check, clearing up."""
        port, want = port or self.server.port, corpus.tables(size)
        if op in ("up", "up_one"):
            db = "bench"
            self.server.recreate(db)
        elif op == "downall":
            db, want = "bench", 0
            self.server.recreate(db, self.migrated(name, size))
        else:
            db = self.migrated(name, size)
        self.server.checkpoint()
        ctx = Ctx(size, db, port)
        figures = self.operate(name, op, ctx, timeout)
        if op == "down1":
            # The last of ten changes a column, unless there is nothing but the first.
            self.check(db, want - (int(size) % 10 == 1))
            self.operate(maker(name), "up", Ctx(size, db, self.server.port))
        self.check(db, want)
        if name == "floor-replay" and (rows := self.server.sql(db, "SELECT count(*) FROM _migrations")) != str(len(ctx.versions())):
            raise common.Failed(f"{rows} rows in the history")
        return figures

    def record(self, op, size):
        """Keeps what ours-lib says, for floor-replay: on the connection that says most, not on one that looks on."""
        with proxy.Proxy(self.server.port, keep=True) as it:
            self.once("ours-lib", op, size, it.port)
            said = max(it.take(), key=lambda one: sum(len(body) for *_, body in one.messages))
        proxy.save(said, recording(Ctx(size, "", 0), op))
        # Where a lock was in the way meanwhile, it was said twice, and does not go through again.
        self.once("floor-replay", op, size)

    def names(self, op, size, names=None):
        """Who takes part, and why others do not."""
        chosen = []
        for name, peer in PEERS.items():
            if op not in peer.ops or (names and name not in names):
                continue
            if self.only and name not in self.only and peer.group != "floor":
                yield name, "not asked for"
            elif missing(peer):
                yield name, "not installed"
            elif size.isdigit() and int(size) > peer.most:
                yield name, f"not asked with more than {peer.most}"
            else:
                chosen.append(name)
        yield from ((it, None) for it in chosen)

    def row(self, row, op, size, names=None, turns=True, delay=0.0, slow=60.0, timeout=TIMEOUT):
        """Measures an operation with everybody; writes the figures down as they come."""
        facts = {"row": row, "op": op, "n": size}
        left = []
        for name, reason in self.names(op, size, names):
            if reason:
                common.record(**facts, peer=name, failed=reason)
            else:
                left.append(name)
        if "floor-replay" in left:
            tries = iter(range(3))
            while next(tries, None) is not None and not (kept := self.try_(facts, "floor-replay", lambda: self.record(op, size))):
                pass
            if not kept:
                left.remove("floor-replay")
        through = proxy.Proxy(self.server.port, delay).__enter__() if delay else None
        if turns:
            left = [it for it in left if self.try_(facts, it, lambda: self.count(facts, it, op, size))]
        took = {}
        for rep in range(self.reps):
            random.shuffle(left)
            for name in list(left):
                # Who needs long has had three turns.
                if rep >= 3 and took.get(name, 0) > slow:
                    continue

                def run():
                    figures = self.once(name, op, size, through.port if through else None, timeout)
                    took[name] = figures["wall"]
                    if through:
                        figures["turns"] = sum(one.turns for one in through.take())
                    common.record(**facts, peer=name, rep=rep, load=os.getloadavg()[0], **figures)
                if not self.try_(facts, name, run):
                    left.remove(name)
            common.tell(f"row {row} {op} {size}: repetition {rep + 1}, {len(left)} tools")
        if through:
            through.__exit__()

    def count(self, facts, name, op, size):
        """Counts the round trips of one run, which is not timed."""
        with proxy.Proxy(self.server.port) as it:
            self.once(name, op, size, it.port)
            said = it.take()
        common.record(**facts, peer=name, turns=sum(one.turns for one in said), connections=len(said))

    def try_(self, facts, name, work):
        try:
            work()
            return True
        except common.Failed as failure:
            common.tell(f"{name} {facts['op']} {facts['n']}: {failure}")
            common.record(**facts, peer=name, failed=str(failure))
            return False


def maker(name):
    """Who makes the database that a tool reads: itself, or one of the same history."""
    alike = [it for it, peer in PEERS.items() if peer.history == PEERS[name].history and "up" in peer.ops and it != "floor-replay"]
    return name if name in alike else alike[0]
