"""Copies whole incidents of the UCI incident event log, byte for byte, in the order of the file.

Taken are incidents that six or more people (the system account "Updated by 908" does not count) updated and that were
opened on 7 to 9 March 2016, so that the same people meet on them, and the incidents with the log's rarities:
a step back in time, steps back in sys_mod_count, and state -100.
"""
import csv
import sys

LEAST_PEOPLE = 6
DAYS = [f"{day}/3/2016" for day in range(7, 10)]
RARE = ["INC0000130", "INC0000137", "INC0000164", "INC0028089"]


def read(line):
    return next(csv.reader([line.decode()]))


def rows():
    for line in sys.stdin.buffer:
        yield line, read(line)


source = rows()
header, names = next(source)
column = {name: index for index, name in enumerate(names)}
incidents = {}
for line, row in source:
    incidents.setdefault(row[column["number"]], []).append((line, row))


def is_taken(number, lines):
    people = {row[column["sys_updated_by"]] for _, row in lines} - {"Updated by 908"}
    opened = lines[0][1][column["opened_at"]].split(" ")[0]
    return len(people) >= LEAST_PEOPLE and opened in DAYS or number in RARE


sys.stdout.buffer.write(header)
for number, lines in incidents.items():
    if is_taken(number, lines):
        sys.stdout.buffer.writelines(line for line, _ in lines)
