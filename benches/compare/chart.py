"""The picture: for every table one small chart of bars, in multiples of the floor."""
from xml.sax.saxutils import escape

from . import figures

WIDTH, LEFT, RIGHT = 600, 146, 124
BAR, STEP, GAP = 14, 22, 34
# Who is farther away than this has a bar that is broken off.
FARTHEST = 6.0
STYLE = """
  .ground { fill: #ffffff }
  text { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #3b424c }
  .title { font-size: 14.5px; font-weight: 600; fill: #14181f }
  .head { font-size: 19px; font-weight: 650; fill: #14181f }
  .name { text-anchor: end }
  .mine { font-weight: 650; fill: #0b5f59 }
  .times, .value { font-variant-numeric: tabular-nums }
  .value { fill: #66707c; font-weight: 400 }
  .bar { fill: #b9c1cb }
  .lib { fill: #93a0b0 }
  .ours { fill: #0f8b82 }
  .floor { stroke: #14181f; stroke-width: 1; stroke-dasharray: 2 3; opacity: .55 }
  .break { stroke: #ffffff; stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 }
    text { fill: #b6bfca }
    .title, .head { fill: #eef2f6 }
    .mine { fill: #5fd6cb }
    .value { fill: #8b95a1 }
    .bar { fill: #3a434e }
    .lib { fill: #566270 }
    .ours { fill: #25ac9f }
    .floor { stroke: #eef2f6 }
    .break { stroke: #0d1117 }
  }
"""


def chosen(table):
    """Ours, the libraries, and the three best of the commands."""
    cells = [it for it in table.ordered() if it.group != "floor" and table.ratio(it.name)]
    tools = [it.name for it in cells if it.group == "tool"][:3]
    return [it for it in cells if it.group != "tool" or it.name in tools]


def amount(table, value):
    if table.what == "peak_kib":
        return f"{value / 1024:.0f} MB"
    return f"{value * 1000:.3g} ms" if value < 0.9995 else f"{value:.2f} s"


def panel(title, table, top):
    """One chart, and where it ends."""
    bars = chosen(table)
    floor = table.value(figures.FLOORS[table.op])
    widest = min(FARTHEST, max([1.6, *(table.ratio(it.name) for it in bars)]))
    scale = (WIDTH - LEFT - RIGHT) / widest
    out = [f'<text class="title" x="0" y="{top}">{escape(title)}</text>']
    top += 12
    end = top + STEP * len(bars)
    for at, it in enumerate(bars):
        y, ratio = top + at * STEP + (STEP - BAR) / 2, table.ratio(it.name)
        length, base = scale * min(ratio, widest), y + BAR - 2.5
        kind = it.group if it.group in ("ours", "lib") else ""
        mine = " mine" if it.group == "ours" else ""
        out.append(f'<text class="name{mine}" x="{LEFT - 10}" y="{base:.1f}">{escape(it.name)}</text>')
        out.append(f'<rect class="bar {kind}" x="{LEFT}" y="{y:.1f}" width="{length:.1f}" height="{BAR}" rx="2"/>')
        if ratio > widest:
            x = LEFT + length - 16
            out.append(f'<path class="break" d="M{x:.1f} {y + BAR + 2:.1f} l6 {-BAR - 4}"/>')
        words = f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:.0f} ×"
        out.append(f'<text class="times{mine}" x="{LEFT + length + 8:.1f}" y="{base:.1f}">{words}'
                   f'<tspan class="value" dx="8">{amount(table, it.median(table.what))}</tspan></text>')
    line = LEFT + scale
    out.append(f'<path class="floor" d="M{line:.1f} {top - 2} V{end + 3}"/>')
    out.append(f'<text class="value" x="{WIDTH}" y="{top - 12}" text-anchor="end">floor {amount(table, floor)}</text>')
    return out, end + GAP


def draw(tables):
    """The picture of tables with their titles."""
    body, top = [], 106
    for title, table in tables:
        if table.value(figures.FLOORS.get(table.op)) and chosen(table):
            more, top = panel(title, table, top)
            body += more
    height = top - GAP + 14
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-24 0 {WIDTH + 48} {height:.0f}" width="{WIDTH + 48}" height="{height:.0f}" '
            'role="img" aria-label="How many times the floor each tool takes">', f"<style>{STYLE}</style>",
            f'<rect class="ground" x="-24" width="{WIDTH + 48}" height="{height:.0f}" rx="8"/>',
            '<text class="head" x="0" y="34">Times the floor: shorter is better</text>',
            '<text class="value" x="0" y="55">The dashed line is the floor: a bare client that does what cannot be left out.</text>',
            '<text class="value" x="0" y="73">Ours, the libraries, and of the commands the three best.</text>']
    return "\n".join([*head, *body, "</svg>"]) + "\n"
