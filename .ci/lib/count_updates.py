#!/usr/bin/env python3
"""Compares an event log (CSV) with the changes that a replica holds (canonical lines, as `askonce export changes`
writes them), without any code of AskOnce: for each row there must be exactly one change on that ticket, by that agent,
at that minute, which sets just the fields whose value differs from the ticket's row before it. A field may be left out
only where the author's store showed that very value, alone, at that time; that is found from the changes that it had
seen.

usage: count_updates.py LOG.csv MAPPING.json CHANGES.jsonl [ROWS]

With ROWS only the first ROWS updates in the order of their times were replayed. Exits with 1 if anything is missing,
twice there, or differs.
"""
import collections
import csv
import datetime
import json
import re
import sys


def moment(text):
    """`d/M/yyyy HH:mm`, as the log writes times, as a change does."""
    time = datetime.datetime.strptime(text, "%d/%m/%Y %H:%M")
    return time.strftime("%Y-%m-%dT%H:%M:00.000Z")


class Field:
    """One field of the mapping, read from its description alone."""

    def __init__(self, rule):
        rule = {"from": rule} if isinstance(rule, str) else rule
        self.column = re.fullmatch(r"\{(.+)\}", rule["from"]).group(1)
        self.rule = rule

    def value(self, row, unknown):
        cell = row[self.column].strip()
        if cell in unknown:
            return None
        if "values" in self.rule:
            if cell in self.rule["values"]:
                return self.rule["values"][cell]
            # `"none"` is the mapping's word for no value.
            other = self.rule.get("otherwise", cell)
            return None if other == "none" else other
        if "format" in self.rule:
            return moment(cell)
        if self.rule.get("as") == "boolean":
            return cell == "true"
        return cell


def expected(rows, mapping):
    """For each row (in the file's order) who, when, on what, and the fields that differ from the row before."""
    unknown = set(mapping["unknown"])
    fields = {name: Field(rule) for name, rule in mapping["fields"].items()}
    # A column that no field names is kept under its own name.
    used = {field.column for field in fields.values()} | set(mapping["ignore"]) | set(mapping["derived"])
    used |= {"number", "sys_mod_count", "sys_updated_at", "sys_updated_by"}
    last = {}
    for row in rows:
        for column in row:
            if column not in used and column not in fields:
                fields[column] = Field("{%s}" % column)
        values = {name: field.value(row, unknown) for name, field in fields.items()}
        before = last.get(row["number"], {})
        last[row["number"]] = values
        # What was known and is no more is cleared.
        changed = {name: value for name, value in values.items() if value != before.get(name)}
        yield (row["number"], row["sys_updated_by"], moment(row["sys_updated_at"])), changed


class Held:
    """The changes of a replica, in the workspace's order: the line's number is the position."""

    def __init__(self, path):
        self.refs, self.updates, self.count = {}, collections.defaultdict(list), 0
        self.surplus = []
        self.writes = collections.defaultdict(list)
        updates = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                change = json.loads(line)
                self.count += 1
                change["position"] = self.count
                for field in change.get("set", {}).keys() | change.get("over", {}).keys():
                    self.writes[change["on"], field].append(change)
                if "ref" in change.get("set", {}):
                    self.refs.setdefault(change["on"], change["set"]["ref"])
                if "imp" in change:
                    updates.append(change)
        for change in updates:
            self.updates[self.refs[change["on"]], change["by"], change["at"]].append(change)

    def values(self, change):
        values = {name: value for name, value in change.get("set", {}).items() if name != "ref"}
        if isinstance(values.get("customer"), str):
            values["customer"] = self.refs[values["customer"]]
        # A field that replaces values and has none of its own is cleared.
        return dict.fromkeys(change.get("over", {})) | values

    def shown(self, change, field):
        """The values of a field that the author of a change saw before it."""
        replica, sequence = change["id"].split(".")
        known = [
            write for write in self.writes[change["on"], field]
            if write["position"] <= change["seen"]
            or (write["id"].split(".")[0] == replica and int(write["id"].split(".")[1]) < int(sequence))]
        replaced = {id for write in known for id in write.get("over", {}).get(field, [])}
        heads = [self.values(write)[field] for write in known if write["id"] not in replaced]
        return [value for value in heads if value is not None] or [None]

    def is_update(self, change, wanted):
        """Whether a change may be an update: it sets what differs, but for what its author's store showed already."""
        values = self.values(change)
        left = {name: value for name, value in wanted.items() if name not in values}
        return values.items() <= wanted.items() and all(
            self.shown(change, name) == [value] for name, value in left.items())

    def match(self, key, updates):
        """Gives each update of one agent on one ticket in one minute a change of its own, to as many as can have one.

        Augmenting paths (H. W. Kuhn, The Hungarian method, 1955): a change that several updates might be goes to the one that
        has no other. Changes that leave out least come first.
        """
        changes = sorted(self.updates.pop(key, []), key=lambda change: -len(self.values(change)))
        taken = {}

        def place(update, tried):
            for index, change in enumerate(changes):
                if index not in tried and self.is_update(change, updates[update]):
                    tried.add(index)
                    if index not in taken or place(taken[index], tried):
                        taken[index] = update
                        return True
            return False

        for update in range(len(updates)):
            place(update, set())
        self.surplus += [change for index, change in enumerate(changes) if index not in taken]
        return {update: changes[index] for index, update in taken.items()}


def main(log, mapping, changes, limit=None):
    with open(mapping, encoding="utf-8") as file:
        mapping = json.load(file)
    with open(log, encoding="utf-8", newline="") as file:
        wanted = list(expected(csv.DictReader(file), mapping))
    if limit:
        # Sorting is stable, so that updates of one minute stay in the order of the file.
        wanted = sorted(wanted, key=lambda update: update[0][2])[: int(limit)]
    held = Held(changes)
    fields, repeated, missing = collections.Counter(), 0, []
    together = collections.defaultdict(list)
    for key, values in wanted:
        together[key].append(values)
    for key, updates in together.items():
        found = held.match(key, updates)
        for index, values in enumerate(updates):
            if index in found:
                fields.update(held.values(found[index]).keys())
                repeated += len(values) - len(held.values(found[index]))
            else:
                missing.append((key, values))
    surplus = held.surplus + [change for changes in held.updates.values() for change in changes]
    print(f"{len(wanted)} updates in the log, {held.count} changes held: {len(missing)} updates missing,"
          f" {len(surplus)} too many; {repeated} values were there already")
    print("fields set: " + ", ".join(f"{name} {count}" for name, count in sorted(fields.items())))
    for update in missing[:5]:
        print(f"missing: {update}", file=sys.stderr)
    for change in surplus[:5]:
        print(f"too many: {change}", file=sys.stderr)
    return 1 if missing or surplus or not wanted else 0


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
