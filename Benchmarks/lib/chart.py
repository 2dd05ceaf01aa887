"""Pictures of measurements as SVG: lines over a logarithmic x axis, several panels in one picture.

Text is in a grey, and lines in colours, that can be read on white and on black; each line also has a marker of its own and its name
at its end.
"""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 520, 300  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 44, 52
TEXT, RULE = "#7a7a7a", "#7a7a7a"
COLOURS = ("#2f81d8", "#d2691e", "#2e9b57", "#a05fd0", "#c94f6d", "#8a8a00")


def number(value):
    """As a tick says it."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} million"
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def decades(low, high):
    """The powers of ten around values above 0."""
    return [10.0**power for power in range(math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9) + 1)]


def steps(high):
    """Round values from 0 to beyond a value."""
    unit = 10.0 ** math.floor(math.log10(high / 4)) if high > 0 else 0.25
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor * 5 >= high)
    return [step * count for count in range(math.ceil(high / step - 1e-9) + 1)]


class Panel:
    """Lines with a name, each of points (x, y) or (x, y, least, most)."""

    def __init__(self, title, x, y, log=False):
        self.title, self.x, self.y, self.log, self.lines = title, x, y, log, []

    def line(self, name, points, dashed=False):
        points = sorted((*point, point[1], point[1])[:4] if len(point) == 2 else point for point in points)
        if self.log:
            points = [point for point in points if point[1] > 0]
        if points:
            self.lines.append((name, points, dashed))
        return self

    def draw(self, left, top):
        xs = [point[0] for _, points, _ in self.lines for point in points]
        ys = [value for _, points, _ in self.lines for point in points for value in (point[1], point[3])]
        x_ticks = decades(min(xs), max(xs))
        if len(x_ticks) == 1:
            x_ticks.append(x_ticks[0] * 10)
        least = min(value for value in ys if value > 0 or not self.log)
        y_ticks = decades(least, max(ys)) if self.log else steps(max(ys))
        if len(y_ticks) == 1:
            y_ticks.append(y_ticks[0] * 10)
        x0, x1, y0, y1 = left + LEFT, left + WIDTH - RIGHT, top + HEIGHT - BOTTOM, top + TOP

        def across(value):
            low, high = math.log10(x_ticks[0]), math.log10(x_ticks[-1])
            return x0 + (math.log10(value) - low) / (high - low) * (x1 - x0)

        def up(value):
            if self.log:
                low, high = math.log10(y_ticks[0]), math.log10(y_ticks[-1])
                share = (math.log10(max(value, y_ticks[0])) - low) / (high - low)
            else:
                share = value / y_ticks[-1]
            return y0 - share * (y0 - y1)

        out = [text(x0, top + 20, self.title, weight="bold", size=14)]
        for tick in y_ticks:
            out.append(rule(x0, up(tick), x1, up(tick), 0.3))
            out.append(text(x0 - 6, up(tick) + 4, number(round(tick, 6)), anchor="end"))
        for tick in x_ticks:
            out.append(rule(across(tick), y0, across(tick), y0 + 5, 0.8))
            out.append(text(across(tick), y0 + 18, number(tick), anchor="middle"))
        out.append(rule(x0, y0, x1, y0, 0.8))
        out.append(text((x0 + x1) / 2, y0 + 38, self.x, anchor="middle"))
        out.append(text(left + 14, (y0 + y1) / 2, self.y, anchor="middle", turn=-90))
        ends = []
        for index, (name, points, dashed) in enumerate(self.lines):
            colour = TEXT if dashed else COLOURS[index % len(COLOURS)]
            path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y, _, _ in points)
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
            for x, y, low, high in () if dashed else points:
                if high > low:
                    out.append(f'<path d="M{across(x):.1f} {up(low):.1f}V{up(high):.1f}" stroke="{colour}" stroke-width="1.2"/>')
                out.append(marker(index, across(x), up(y), colour))
            ends.append([up(points[-1][1]), across(points[-1][0]), name, colour])
        # Names that would lie upon each other are moved apart.
        ends.sort()
        for before, after in zip(ends, ends[1:]):
            after[0] = max(after[0], before[0] + 15)
        over = max(0, ends[-1][0] - y0) if ends else 0
        for y, x, name, colour in ends:
            out.append(text(x1 + 10, y - over + 4, name, fill=colour, weight="bold"))
        return out


def text(x, y, words, anchor="start", size=12, weight="normal", fill=TEXT, turn=0):
    rotate = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" fill="{fill}"{rotate}>'
            f"{escape(words)}</text>")


def rule(x, y, x2, y2, opacity):
    return f'<path d="M{x:.1f} {y:.1f}L{x2:.1f} {y2:.1f}" stroke="{RULE}" stroke-opacity="{opacity}"/>'


def marker(index, x, y, colour):
    shapes = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"', f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"',
        f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z"', f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z"')
    return f'{shapes[index % len(shapes)]} fill="{colour}"/>'


def picture(title, panels, columns=2):
    """The SVG of some panels, row by row."""
    panels = [panel for panel in panels if panel.lines]
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    width, height = WIDTH * columns, HEIGHT * rows
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
           f'font-family="system-ui, sans-serif" role="img"><title>{escape(title)}</title>']
    for index, panel in enumerate(panels):
        out += panel.draw(index % columns * WIDTH, index // columns * HEIGHT)
    return "\n".join([*out, "</svg>", ""])
