"""Section 7: runs."""
import bisect
import json

from .blocks import Lines, gzip_members, parse_times, restore_texts
from .change import Change, Damaged


def parse_run(data):
    """The header of a run, and its changes in the run's order."""
    texts = [text for text, _ in gzip_members(data)]
    head = json.loads(texts[0])
    changes = []
    for text in texts[1:]:
        changes += parse_run_member(text)
    return head, changes


def parse_run_member(text):
    lines = Lines(text)
    header = json.loads(lines.next())
    positions, position = [], 0
    for difference in header["positions"]:
        position += difference
        positions.append(position)
    times = dict(zip(sorted(positions), parse_times(header["at"]), strict=True))
    ons, bodies = [], []
    for _ in positions:
        line = lines.next()
        if line.startswith('"'):
            ons.append(json.loads(line))
            line = lines.next()
        else:
            ons.append("")
        bodies.append(line)
    bodies = restore_texts(bodies, lines)
    if lines:
        raise Damaged("more behind a member's last line")
    rows = header["blocks"]
    changes, on = [], None
    for index, position in enumerate(positions):
        row = rows[bisect.bisect_right(rows, position, key=lambda row: row[0]) - 1]
        sequence = row[2] + position - row[0]
        if ons[index]:
            on = ons[index] + f"{row[1]}.{sequence}" if ons[index].endswith("/") else ons[index]
        who = header["who"][index] if "who" in header else 0
        by = header["names"][who - 1] if who else row[3]
        limit = row[6] if len(row) > 6 else None
        changes.append(Change(row[1], sequence, times[position], row[4], by, on, bodies[index], position, row[5], limit))
    return changes
