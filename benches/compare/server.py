"""A PostgreSQL of our own, in a temporary folder, for as long as it is measured.

It is as it comes but for what keeps checkpoints and autovacuum out of single runs (shared_buffers, max_wal_size,
checkpoint_timeout, autovacuum) and what a transaction over a whole corpus needs (max_locks_per_transaction).
fsync and synchronous_commit are on.
"""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from . import common, corpus

SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "60", "fsync": "on", "synchronous_commit": "on",
            "shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "autovacuum": "off",
            "max_locks_per_transaction": "4096", "log_min_messages": "error"}
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self):
        self.bin = common.postgres_programs()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="compare."))
        self.home.chmod(0o711)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self):
        data, sockets = self.home / "data", self.home / "socket"
        sockets.mkdir()
        if os.getuid() == 0:
            account = self._account()
            for it in (self.home, sockets):
                os.chown(it, account.pw_uid, account.pw_gid)
        try:
            self._start(data, sockets)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, data, sockets):
        """Makes and starts it."""
        self._run("initdb", "--pgdata", data, "--username", "bench", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -c port={self.port} -c unix_socket_directories={sockets}"
        self._run("pg_ctl", "--pgdata", data, "--log", self.home / "log", "--wait", "--options", options, "start")
        self.pid = int((data / "postmaster.pid").read_text().split()[0])

    def __exit__(self, *_):
        if (self.home / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "--pgdata", self.home / "data", "--mode", "immediate", "--silent", "stop")
        shutil.rmtree(self.home, ignore_errors=True)

    def _account(self):
        """PostgreSQL refuses to run as root."""
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise SystemExit("root can run no PostgreSQL, and there is no other account")

    def _run(self, program, *args):
        who = {}
        if os.getuid() == 0:
            account = self._account()
            who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        # pg_ctl's server keeps what it inherits: a pipe would never end.
        log = open(self.home / "programs.log", "ab")
        it = subprocess.run([str(self.bin / program), *map(str, args)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **who)
        if it.returncode:
            raise SystemExit(f"{program} failed:\n" + (self.home / "programs.log").read_text()[-2000:])

    def sql(self, database, *statements):
        """What statements give, each in a transaction of its own."""
        words = [w for it in statements for w in ("--command", it)]
        return common.output(self.bin / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1",
                             "--host", self.home / "socket", "--port", self.port, "--username", "bench", "--dbname", database, *words,
                             env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})

    def recreate(self, database, template=None):
        how = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
        if template and self.version() < 15:
            how = f" TEMPLATE {template}"
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}{how}")

    def drop(self, database):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database}")

    def tables(self, database):
        """How many tables of the corpus there are."""
        return int(self.sql(database, f"SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '{corpus.TABLES}'"))

    def version(self):
        return int(self.sql("postgres", "SHOW server_version_num")) // 10000

    def checkpoint(self):
        self.sql("postgres", "CHECKPOINT")

    def backends(self):
        """How many processes the server has."""
        count = 0
        for it in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                count += int(it.read_text().rsplit(")", 1)[1].split()[1]) == self.pid
            except (OSError, IndexError):
                continue
        return count

    def settle(self, usual):
        """Waits until whoever was connected is gone, for then its CPU time is the server's."""
        until = time.monotonic() + 5
        while self.backends() > usual and time.monotonic() < until:
            time.sleep(0.005)

    def cpu(self):
        """CPU seconds of all backends that have ended."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / TICK
