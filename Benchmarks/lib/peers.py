"""What the peers' harness measured, in the words of the table of targets.

The harness is no part of this project: it leaves one JSON file a peer, NAME.json, and this is what is read of it. A figure that a
peer does not have is left out.
"""
import json

NAMES = {
    "automerge": "Automerge", "automerge-one": "Automerge in one document", "loro": "Loro", "loro-one": "Loro in one document",
    "pycrdt": "Yjs", "pycrdt-one": "Yjs in one document", "sqlite-plain": "SQLite", "sqlite-oplog": "SQLite with a log",
    "fossil": "Fossil", "git": "git", "couchdb-embedded": "CouchDB", "couchdb-split": "CouchDB, a document a message"}

SMALL = ("bytes", "z6")  # of a few bytes deflate may make more: the smaller counts


def at(data, *path):
    for name in path:
        if not isinstance(data, dict) or name not in data:
            return None
        data = data[name]
    return data


def least(*values):
    values = [value for value in values if value is not None]
    return min(values) if values else None


def most(*values):
    values = [value for value in values if value is not None]
    return max(values) if values else None


def payload(data, what, names):
    """Of the libraries, whose messages have no headers: what is sent where the other side's version is known."""
    found = [at(data, "wire", what, how, name) for how in ("push only", "changeset", "patchset") for name in names]
    return least(*found)


def on_socket(data, *names):
    return least(*(at(data, "wire", name, "bytes") for name in names))


def bootstrap(data):
    boot = at(data, "wire", "bootstrap") or at(data, "wire", "bootstrap (pull)")
    if boot is None:
        return None
    # The changeset of SQLite and CouchDB's documents have no history; it is said in the notes of the table.
    return least(at(boot, "z6/op"), at(boot, "bytes/op"), *(at(boot, how, "z6/op") for how in boot))


def share(data):
    """Durable edits as a share of bare appends with fdatasync."""
    writes = at(data, "local writes") or {}
    durable = most(*(writes.get(name) for name in (
        "log, fdatasync each ops/s", "file, WAL, synchronous=full ops/s", "add + commit, fsync all, ops/s",
        "one process per edit, durable ops/s", "PUT per edit, one connection, durable ops/s")))
    floor = writes.get("fdatasync floor then, ops/s")
    return durable / floor if durable and floor else None


def integrating(data):
    return most(*(at(data, "merge", name) for name in (
        "from store and back, durable ops/s", "changesets, file, one durable commit ops/s",
        "plain SQL, file, one durable commit ops/s", "the same, fsync all", "pull over loopback HTTP, durable ops/s")))


def opening(data, *names):
    """Milliseconds from a process's start."""
    value = least(*(at(data, "storage", f"cold open{name}", "process s") for name in names))
    return None if value is None else value * 1000


# The beginning of a row of the benchmark, whether more is better, and the peer's figure. A row of processes is a ratio there; its
# note begins with the milliseconds, which are compared.
ROWS = (
    ("shift of 200 edits, payload", False, lambda data: least(
        payload(data, "shift of 200", ("bytes/op", "z6/op")),
        on_socket_each(data, "shift of 200", "shift of 200 (push, one commit)", "shift of 200 (push)"))),
    ("sync of 1 edit, socket", False, lambda data: on_socket(data, "1 edit", "1 edit (push)")),
    ("sync of 1 edit, payload", False, lambda data: payload(data, "1 edit", SMALL)),
    ("nothing to sync", False, lambda data: on_socket(data, "nothing to sync", "nothing to fetch", "nothing to push")),
    ("first sync with history", False, bootstrap),
    ("integrating", True, integrating),
    ("durable edit", True, share),
    ("store on disk", False, lambda data: least(*(
        at(data, "storage", name) for name in ("store bytes/op", "bytes/op", "bytes/op after repack")))),
    ("ticket show", False, lambda data: opening(
        data, ", lazy", "", ", one ticket (cat the file)", ", one ticket (ticket history)")),
    ("ticket list", False, lambda data: opening(
        data, ", inbox", "", ", inbox (grep the work tree)", ", inbox (open tickets by SQL)")),
)


def on_socket_each(data, *names):
    return least(*(at(data, "wire", name, "bytes/op") for name in names))


def read(folder):
    """Peer -> what it measured, of all result files that are there."""
    found = {}
    for name in NAMES:
        path = folder / f"{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text(encoding="utf-8"))
    return found
