"""A TCP proxy before PostgreSQL: counts what goes through it, delays it, or keeps it to be sent again.

A round trip is a turn of the conversation: the client says something after the server has spoken. What belongs to
connecting (startup, encryption, passwords) and the farewell, which waits for nothing, is not counted.

A delay holds back every byte for that long, in each direction; what comes later does not wait for what came before,
so that a client may have many messages on the way.
"""
import os
import queue
import socket
import struct
import threading
import time

REQUESTS = {80877102: "cancel", 80877103: "ssl", 80877104: "gss"}


class Framer:
    """Finds the messages in a stream of bytes, and keeps their bodies where told."""

    def __init__(self, with_startup, keep):
        self.started, self.keep = not with_startup, keep
        self.head, self.left, self.body = b"", 0, []

    def feed(self, data):
        """(type, body or None) of each message that ends in `data`. The startup message has the type `startup`."""
        ended = []
        while data:
            if self.left == 0 and not self.body:
                need = (5 if self.started else 8) - len(self.head)
                self.head, data = self.head + data[:need], data[need:]
                if len(self.head) < (5 if self.started else 8):
                    break
                if self.started:
                    self.kind, self.left = chr(self.head[0]), int.from_bytes(self.head[1:5], "big") - 4
                else:
                    self.kind = REQUESTS.get(int.from_bytes(self.head[4:8], "big"), "startup")
                    self.left = int.from_bytes(self.head[:4], "big") - 8
                    self.started = self.kind == "startup"
                self.body = [b""]
            part, data = data[:self.left], data[self.left:]
            self.left -= len(part)
            if self.keep and part:
                self.body.append(part)
            if self.left == 0:
                ended.append((self.kind, b"".join(self.body)))
                self.head, self.body = b"", []
        return ended


class Conversation:
    """One connection: what was said."""

    def __init__(self):
        self.turns = self.answers = 0
        self.spoken = False
        self.bare = 0  # answers of one byte that are to come, to a question for encryption
        self.pid = None
        self.startup = b""
        self.messages = []


class Proxy:
    def __init__(self, port, delay=0.0, keep=False):
        self.upstream, self.delay, self.keep = port, delay, keep
        self.conversations = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def take(self):
        """What went through since somebody took it."""
        taken, self.conversations = self.conversations, []
        return taken

    def _listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.upstream))
            for it in (client, server):
                it.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connect(client, server)

    def _connect(self, client, server):
        said = Conversation()
        self.conversations.append(said)
        asks, answers = Framer(True, self.keep), Framer(False, True)
        self._pump(client, server, lambda data: heard_client(said, asks.feed(data), self.keep), None)
        self._pump(server, client, None, lambda data: heard_server(said, answers, data))

    def _pump(self, source, sink, on_read, on_write):
        """Carries bytes one way. The client is heard when it speaks, the server when it is heard."""
        waiting = queue.SimpleQueue()

        def read():
            data = True
            punctual()
            while data:
                try:
                    data = source.recv(1 << 16)
                except OSError:
                    data = b""
                due = time.monotonic() + self.delay
                if on_read and data:
                    on_read(data)
                if self.delay:
                    waiting.put((due, data))
                else:
                    write(data)

        def write(data):
            try:
                if on_write and data:
                    on_write(data)
                if data:
                    sink.sendall(data)
                else:
                    sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        def write_later():
            data = True
            punctual()
            while data:
                due, data = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                write(data)

        threading.Thread(target=read, daemon=True).start()
        if self.delay:
            threading.Thread(target=write_later, daemon=True).start()


def punctual():
    """Lets this thread go first where that is allowed: what waits for a processor would be a longer link."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -15)
    except PermissionError:
        pass


def heard_client(said, messages, keep):
    for kind, body in messages:
        said.bare += kind in ("ssl", "gss")
        if kind == "startup":
            said.startup = body
        elif kind not in REQUESTS.values() and kind not in "pX":
            if not said.spoken:
                said.turns += 1
            said.spoken = True
        if keep and len(kind) == 1 and kind != "p":
            said.messages.append((said.answers, kind, body))


def heard_server(said, framer, data):
    said.spoken = False
    data, said.bare = data[said.bare:], 0
    for kind, body in framer.feed(data):
        said.answers += kind == "Z"
        if kind == "K":
            said.pid = str(int.from_bytes(body[:4], "big"))


def is_part(body, at, length):
    """Whether what was found is only a part of a number or a word, such as a checksum."""
    return body[at - 1:at].isalnum() or body[at + length:at + length + 1].isalnum()


def holes(body, pid):
    """The parts of a message, with None where it names the process of the server."""
    parts, begin, at = [], 0, body.find(pid)
    while at >= 0:
        if not is_part(body, at, len(pid)):
            parts += [body[begin:at], None]
            begin = at + len(pid)
        at = body.find(pid, at + len(pid))
    return [*parts, body[begin:]]


def save(said, path):
    """Writes a conversation for programs/replay.rs."""
    words = said.startup.split(b"\0")
    pairs = [(k, v) for k, v in zip(words[::2], words[1::2]) if k and k != b"database"]
    startup = b"".join(k + b"\0" + v + b"\0" for k, v in pairs)
    out = [struct.pack(">I", len(startup)), startup]
    for after, kind, body in said.messages:
        parts = holes(body, said.pid.encode()) if kind in "QP" else [body]
        out.append(struct.pack(">III", after, ord(kind), len(parts)))
        for it in parts:
            out += [struct.pack(">I", (1 << 32) - 1)] if it is None else [struct.pack(">I", len(it)), it]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(out))
