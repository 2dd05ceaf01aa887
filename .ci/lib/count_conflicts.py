#!/usr/bin/env python3
"""Counts the field conflicts of an event log (CSV) that was replayed in shifts, straight from the log and the definition in
Protocol.md, section 13, without any code of AskOnce, and compares them with what `askonce conflicts --count --all --json`
printed.

The replay: who works in a shift has everything of the shifts before, works without knowing of the others, and sends the
edits when it ends, in the order of the names. A row is what changed since the ticket's row before it. A value that an
author sees as a field's only one is not written again; another one replaces the values that the author sees, and no others.

usage: count_conflicts.py LOG.csv MAPPING.json COUNTS.json [ROWS [SHIFT [START]]]

SHIFT hours a shift (default: 8), the first one of a day at START o'clock UTC (default: 6). Exits with 1 if a number differs.
"""
import collections
import csv
import datetime
import json
import re
import sys

PATTERNS = {"d/M/yyyy HH:mm": "%d/%m/%Y %H:%M", "yyyy/MM/dd HH:mm:ss.SSS": "%Y/%m/%d %H:%M:%S.%f"}
SAME = object()


def seconds(text, pattern):
    time = datetime.datetime.strptime(text, PATTERNS[pattern]).replace(tzinfo=datetime.timezone.utc)
    return time.timestamp()


class Rule:
    """How the mapping says that a value is made of a row."""

    def __init__(self, rule, unknown):
        self.rule = {"from": rule} if isinstance(rule, str) else rule
        self.unknown = unknown
        self.columns = re.findall(r"\{([^{}]+)\}", self.rule["from"])

    def value(self, row):
        cells = {column: row[column].strip() for column in self.columns}
        if any(cell in self.unknown for cell in cells.values()):
            return None
        text = re.sub(r"\{([^{}]+)\}", lambda found: cells[found[1]], self.rule["from"])
        if "values" in self.rule:
            if text in self.rule["values"]:
                return self.rule["values"][text]
            otherwise = self.rule["otherwise"]
            return {"none": None, "same": SAME, "keep": text}[otherwise]
        if "format" in self.rule:
            return seconds(text, self.rule["format"])
        return text


def snake(column):
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", column).lower()).strip("_")


def edits(log, mapping):
    """For each row that says anything: when, who, which ticket, and the fields that it changes; None clears one."""
    unknown = set(mapping.get("unknown", [""]))
    ticket, time, agent = (Rule(mapping[key], unknown) for key in ("id", "time", "agent"))
    fields = {name: Rule(rule, unknown) for name, rule in mapping["fields"].items()}
    named = set(mapping.get("ignore", [])) | set(mapping.get("derived", [])) | set(mapping.get("record", []))
    for rule in [ticket, time, agent, *fields.values()]:
        named |= set(rule.columns)
    for rule in mapping.get("timeline", {}).get("entry", {}).values():
        named |= set(Rule(rule, unknown).columns)
    rows = csv.reader(log)
    header = next(rows)
    for column in header:
        if column not in named:
            fields[snake(column)] = Rule("{%s}" % column, unknown)
    last = {}
    for cells in rows:
        row = dict(zip(header, cells))
        key = ticket.value(row)
        before = last.get(key, {})
        now = {}
        for name, rule in fields.items():
            value = rule.value(row)
            now[name] = before.get(name) if value is SAME else value
        last[key] = now
        changed = {name: value for name, value in now.items() if value != before.get(name)}
        yield time.value(row), agent.value(row) or "nobody", key, changed


class Field:
    """One field of one ticket in the workspace's order: its heads, and the disagreements that arose and ended."""

    def __init__(self):
        self.heads, self.replaced, self.count = [], set(), 0
        self.arose, self.set, self.cleared, self.isDivided = 0, 0, 0, False

    def take(self, number, value, over):
        """Takes a write in the workspace's order; a value of None clears."""
        self.replaced |= over
        self.heads = [head for head in self.heads if head[0] not in over]
        if value is not None and number not in self.replaced:
            self.heads.append((number, value))
        isDivided = len({value for _, value in self.heads}) > 1
        if isDivided and not self.isDivided:
            self.arose += 1
        if self.isDivided and not isDivided:
            if value is None:
                self.cleared += 1
            else:
                self.set += 1
        self.isDivided = isDivided


def replay(updates, hours, start):
    """All fields of all tickets after the replay."""
    fields = collections.defaultdict(Field)
    shifts = {}
    for time, agent, ticket, changed in updates:
        shift = (int(time // 3600) - start) // hours
        shifts.setdefault(shift, {}).setdefault(agent, []).append((ticket, changed))
    number = 0
    for shift in sorted(shifts):
        sent = []
        for agent in sorted(shifts[shift]):
            # What this agent sees: all of the shifts before, and the own edits.
            own = {}
            for ticket, changed in shifts[shift][agent]:
                for name, value in changed.items():
                    key = (ticket, name)
                    seen = own[key] if key in own else list(fields[key].heads) if key in fields else []
                    if value is None and not seen:
                        continue
                    if value is not None and len(seen) == 1 and seen[0][1] == value:
                        continue
                    number += 1
                    sent.append((key, number, value, {head for head, _ in seen}))
                    own[key] = [] if value is None else [(number, value)]
        for key, place, value, over in sent:
            fields[key].take(place, value, over)
    return fields


def main(log, mapping, counts, limit=0, hours=8, start=6):
    with open(mapping, encoding="utf-8") as file:
        mapping = json.load(file)
    with open(log, encoding="utf-8", newline="") as file:
        updates = sorted(edits(file, mapping), key=lambda update: update[0])
    if int(limit):
        updates = updates[: int(limit)]
    wanted = collections.defaultdict(collections.Counter)
    for (_, name), field in replay(updates, int(hours), int(start)).items():
        wanted[name].update({"open": int(field.isDivided), "settled": field.set, "replaced": field.cleared})
    with open(counts, encoding="utf-8") as file:
        found = json.load(file)["fields"]
    wrong = 0
    for name in sorted(set(wanted) | set(found)):
        one = [wanted[name][state] for state in ("open", "settled", "replaced")]
        other = [found.get(name, {}).get(state, 0) for state in ("open", "settled", "replaced")]
        if any(one) or any(other):
            wrong += one != other
            mark = "" if one == other else f"   BUT askonce: {other}"
            print(f"{name}: {sum(one)} conflicts, {one[0]} open, {one[1]} settled, {one[2]} cleared{mark}")
    total = sum(sum(counter.values()) for counter in wanted.values())
    print(f"{len(updates)} updates, {total} field conflicts; {'all numbers agree' if not wrong else f'{wrong} fields differ'}")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 7:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
