"""What the raw figures say: medians, who is first, and whether a bar is met."""
import collections
import statistics

from . import common
from .peers import PEERS

# What the others of a row are divided by, and how this is called.
FLOORS = {"noop": "floor-query", "up": "floor-each", "up_one": "floor-mega", "status": "floor-read", "verify": "floor-read",
          "down1": "floor-each", "downall": "floor-each", "cold": "array", "touch": "array", "start": "floor"}
OURS = ("ours-lib", "ours-lib-noschema", "ours-cli", "ours", "cli", "parsed", "unparsed")
FLOOR_NAMES = ("empty", "array", "client", "floor")


def group(name):
    """ours, floor, lib or tool."""
    if name in PEERS:
        return PEERS[name].group
    return "ours" if name in OURS else "floor" if name in FLOOR_NAMES else "lib"


class Cell:
    """All runs of one tool in one table."""

    def __init__(self, name):
        self.name, self.group = name, group(name)
        self.runs, self.turns, self.failed, self.bytes = [], None, None, None

    def add(self, line):
        if "failed" in line:
            self.failed = line["failed"]
        elif "bytes" in line:
            self.bytes, self.scripts = line["bytes"], line["scripts"]
        else:
            self.turns = line.get("turns", self.turns)
            # What was tried again and went well.
            self.failed = None if "wall" in line else self.failed
            if "wall" in line:
                self.runs.append(line)

    def __bool__(self):
        return bool(self.runs) and not self.failed

    def median(self, what):
        return statistics.median(it[what] for it in self.runs)

    def mean(self, what):
        """Of what is measured in steps as long as the thing itself."""
        return statistics.mean(it[what] for it in self.runs)

    def spread(self, what):
        return min(it[what] for it in self.runs), max(it[what] for it in self.runs)


class Table:
    """One operation with one corpus."""

    def __init__(self, row, op, size):
        self.row, self.op, self.size, self.cells = row, op, size, {}
        # The same with the next smaller corpus.
        self.smaller = None
        # What the row is about.
        self.what = "cpu" if row == 6 else "peak_kib" if row == 8 else "wall"

    def value(self, name):
        it = self.cells.get(name)
        return it.median(self.what) if it else None

    def ratio(self, name):
        floor, value = self.value(FLOORS.get(self.op)), self.value(name)
        return value / floor if floor and value else None

    def ordered(self):
        return sorted((it for it in self.cells.values() if it), key=lambda it: it.median(self.what))

    def ours(self):
        """The one of ours that has everything switched on, as it is unless told."""
        return next((self.cells[it] for it in ("ours-lib", "ours", "parsed") if self.cells.get(it)), None)

    def best(self, what=None):
        """The best of those that are neither ours nor a floor."""
        others = [it for it in self.cells.values() if it and it.group in ("lib", "tool")]
        return min(others, key=lambda it: it.median(what or self.what), default=None)


def tables():
    found = {}
    for line in common.recorded():
        if "row" not in line:
            continue
        key = (line["row"], line["op"], line["n"])
        table = found.setdefault(key, Table(*key))
        table.cells.setdefault(line["peer"], Cell(line["peer"])).add(line)
    order = list(FLOORS)
    place = lambda key: (key[0], 0 if key[0] in (1, 4) else order.index(key[1]) if key[1] in order else 99,  # noqa: E731
                         len(key[2]), key[2], order.index(key[1]) if key[1] in order else 99)
    for (row, op, size), table in found.items():
        smaller = [int(it[2]) for it in found if it[:2] == (row, op) and it[2].isdigit() and size.isdigit() and int(it[2]) < int(size)]
        table.smaller = found[row, op, str(max(smaller))] if smaller else None
    return {key: found[key] for key in sorted(found, key=place)}


def within(table, name, of, bar, what=None):
    """A bar: so many times of what another has."""
    a, b = table.cells.get(name), table.cells.get(of)
    if not a or not b:
        return None
    what = what or table.what
    ratio = a.median(what) / b.median(what)
    return f"{name} within {bar:.2f} × of {of}", f"{ratio:.2f} ×", ratio <= bar


def trips(table, name, most):
    it = table.cells.get(name)
    if not it or it.turns is None:
        return None
    return f"{name}: {most} round trip{'s' if most > 1 else ''} at most", str(it.turns), it.turns <= most


def first(table, name, what=None, word="no tool is faster"):
    ours, best = table.cells.get(name), table.best(what)
    if not ours or not best:
        return None
    a, b = ours.median(what or table.what), best.median(what or table.what)
    return f"{name}: {word}", f"{a / b:.2f} × of {best.name}", a <= b


def grows(table, name):
    """A bar: with so many times the migrations it takes at most so many times as long, a tenth for noise."""
    before = table.smaller and table.smaller.value(name)
    value = table.value(name)
    if not before or not value:
        return None
    times = int(table.size) / int(table.smaller.size)
    return f"{name}: {times:.0f} × the migrations take {times:.0f} × the time at most", f"{value / before:.2f} ×", value / before <= times * 1.1


def seconds_below(table, name, bar):
    it = table.cells.get(name)
    return (f"{name} below {bar:.0f} s", f"{it.median('cpu'):.2f} s", it.median("cpu") < bar) if it else None


def bars(table):
    """(what is asked, what was measured, whether it is met) of a table."""
    row, op = table.row, table.op
    asked = []
    if row == 1:
        asked = [trips(table, "ours-lib", 1), within(table, "ours-lib", "floor-query", 1.10), first(table, "ours-lib"), first(table, "ours-cli")]
    elif row == 2 and op == "up":
        asked = [within(table, "ours-lib", "floor-replay", 1.05), within(table, "ours-lib", "floor-each", 1.15), first(table, "ours-lib"),
                 first(table, "ours-lib", "cpu", "no tool needs less CPU of the client")]
    elif row == 2:
        asked = [within(table, "ours-lib", "floor-mega", 1.05), first(table, "ours-lib")]
    elif row == 3:
        asked = [trips(table, "ours-lib", 25), first(table, "ours-lib")]
    elif row == 4:
        asked = [trips(table, "ours-lib", 1), within(table, "ours-lib", "floor-read", 1.15)]
        asked += [first(table, "ours-lib")] if op == "status" else []
        asked += [grows(table, "ours-lib")]
    elif row == 5:
        asked = [first(table, "ours-lib")]
    elif row == 6:
        # The others do not parse.
        asked = [first(table, it, word="no tool needs less") for it in ("parsed", "unparsed")] + [within(table, "unparsed", "array", 1.60)]
        asked += [seconds_below(table, "parsed", 1)] if table.size == "1000" else []
        asked += [grows(table, "parsed")]
    elif row == 7 and op == "start":
        asked = [within(table, "ours", "floor", 1.10)]
    elif row == 8:
        # The bare client has one script at a time.
        asked = [within(table, "ours-lib", "floor-each", 1.10), first(table, "ours-lib", word="no tool needs less")]
    return [it for it in asked if it]


def sizes(found):
    """Row 7 in figures: bytes of the runtime, and of each migration beside those of its scripts."""
    by_kind = collections.defaultdict(dict)
    for (row, op, size), table in found.items():
        if row == 7 and op == "size":
            for name, cell in table.cells.items():
                if cell.bytes:
                    by_kind[name][int(size)] = cell
    client = next((it.bytes for it in by_kind.get("client", {}).values()), None)
    for kind, cells in by_kind.items():
        few, many = min(cells), max(cells)
        each = scripts = own = None
        if many > few:
            each = (cells[many].bytes - cells[few].bytes) / (many - few)
            scripts = (cells[many].scripts - cells[few].scripts) / (many - few)
            own = cells[few].bytes - few * each - client if client else None
        yield kind, {n: it.bytes for n, it in sorted(cells.items())}, own, each, scripts
