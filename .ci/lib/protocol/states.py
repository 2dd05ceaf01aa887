"""Section 3: merge, state lines and digests."""
import copy
import json

from .change import members, split_id, string, time_text


def stubbed(changes):
    """The changes as whoever keeps them has them: of what was erased the stubs (section 3), for changes that settle nothing."""
    bodies = {change.id: members("{" + change.body + "}")[0] for change in changes}
    erased = {change.on for change in changes if "erase" in dict(bodies[change.id])}
    found = []
    for change in changes:
        if change.on in erased:
            keys = ("was", "org", "erase", "of", "because")
            change = copy.copy(change)
            change.body = ",".join(f'"{key}":{value}' for key, value in bodies[change.id] if key in keys)
        found.append(change)
    return found


def state_line(on, changes):
    """Folds the changes of one entity to its state line. Naive: looks at all of them for every question."""
    changes = list({change.id: change for change in changes}.values())
    text = f'{{"on":"{on}","changes":{len(changes)}'
    bodies = [(change, dict(members("{" + change.body + "}")[0])) for change in changes]
    if any("erase" in body for _, body in bodies):
        return text + ',"erased":true}'

    def verb(name):
        for change, body in bodies:
            if name in body:
                for field, value in members(body[name])[0]:
                    yield change, field, value

    replaced = {}
    for _, field, value in verb("over"):
        replaced.setdefault(field, set()).update(json.loads(value))
    registers = {}
    for change, field, value in verb("set"):
        if change.id not in replaced.get(field, ()):
            registers.setdefault(field, []).append((change, value))
    dropped = {}
    for _, field, value in verb("drop"):
        for element, ids in json.loads(value).items():
            dropped.setdefault((field, element), set()).update(ids)
    sets = {}
    for change, field, value in verb("add"):
        for element in json.loads(value):
            if change.id not in dropped.get((field, element), ()):
                adds = sets.setdefault(field, {}).setdefault(element, [])
                if change.id not in adds:
                    adds.append(change.id)
    logs = {}
    for change, field, value in verb("log"):
        logs.setdefault(field, []).append((change, value))
    counts = {}
    for change, field, value in verb("count"):
        counts[field] = counts.get(field, 0) + int(value)

    def entry(change, value):
        return f'{{"id":"{change.id}","at":"{time_text(change.effective)}","value":{value}}}'

    def listed(name, parts):
        ordered = sorted(parts.items(), key=lambda item: item[0].encode())
        inner = ",".join(f"{string(key)}:{value}" for key, value in ordered)
        return f',"{name}":{{{inner}}}' if parts else ""

    def by_id(pair):
        return pair[0].replica, pair[0].sequence

    def by_time(pair):
        return pair[0].effective, by_id(pair)

    text += listed("fields", {
        field: "[" + ",".join(entry(*head) for head in sorted(heads, key=by_id)) + "]"
        for field, heads in registers.items()})
    text += listed("sets", {
        field: "{" + ",".join(
            f"{string(element)}:[" + ",".join(f'"{id}"' for id in sorted(adds, key=split_id)) + "]"
            for element, adds in sorted(elements.items(), key=lambda item: item[0].encode())) + "}"
        for field, elements in sets.items()})
    text += listed("logs", {
        field: "[" + ",".join(entry(*item) for item in sorted(entries, key=by_time)) + "]"
        for field, entries in logs.items()})
    text += listed("counts", {
        field: str((count + 2**63) % 2**64 - 2**63) for field, count in counts.items()})
    return text + "}"


def fnv1a(data):
    hash = 0xCBF29CE484222325
    for byte in data:
        hash = (hash ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return hash


def digest(changes):
    """The digest of a store that holds these changes."""
    by_entity = {}
    for change in changes:
        by_entity.setdefault(change.on, []).append(change)
    total = sum(fnv1a(state_line(on, group).encode()) for on, group in by_entity.items())
    return f"{total % 2**64:016x}"
