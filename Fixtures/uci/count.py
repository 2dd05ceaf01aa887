"""Counts a UCI incident event log on standard input without any code of AskOnce: rows, incidents, editors, and for each
column how often a row differs from the row of the same incident before it."""
import collections
import csv
import io
import sys

rows = csv.reader(io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline=""))
names = next(rows)
last = {}
editors = set()
changes = collections.Counter()
per_row = collections.Counter()
count = 0
for row in rows:
    count += 1
    editors.add(row[names.index("sys_updated_by")])
    before = last.get(row[0])
    last[row[0]] = row
    if before:
        differing = [name for name, old, new in zip(names, before, row) if old != new and not name.startswith("sys_")]
        changes.update(differing)
        per_row[len(differing)] += 1
print(count, "rows,", len(last), "incidents,", len(editors), "editors")
print(", ".join(f"{name} {number}" for name, number in sorted(changes.items(), key=lambda item: (-item[1], item[0]))))
print("changed columns a row:", dict(sorted(per_row.items())))
