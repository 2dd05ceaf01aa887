"""Workloads: edits as JSON lines in, AskOnce changes out.

A workload is a folder with `base.jsonl` (what one replica imported, in time order) and `edits.jsonl` (rounds of edits by
agents who do not see each other's). A line is one edit:

    {"replica","seq","hlc":[ms,counter],"doc","op",["field"],"value",["round"]}

    customer, ticket  create a document; value = its fields and tags
    msg               append a message to a ticket
    set               set one ticket field
    fact              set one customer fact
    tag               field = tag, value = true (add) or false (remove)

`Converter` turns them into changes as Protocol.md describes them. `write_fixture` makes a workload of any size out of
the dialogues and customers in `Fixtures/`, the same bytes for the same seed.
"""
import csv
import json
import pathlib
import random

import protocol

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
IMPORTER = "import"


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


class Converter:
    """Turns edits into changes; keeps who replaced what, so that `over` and `drop` name what the author saw.

    The work of one author who is offline is between `begin` and `end`: it sees what was known before `begin` and its own.
    `publish` makes the work of all that ended known to everybody.
    """

    def __init__(self):
        self.entities = {}  # document -> entity id
        self.heads = {}  # (document, field) -> ids of the heads
        self.adds = {}  # (document, tag) -> ids of the adds
        self.news = []

    def begin(self, replica, seen, sequence=1):
        self.replica, self.seen, self.sequence = replica, seen, sequence
        self.own_heads, self.own_adds = {}, {}
        self.work = []

    def end(self):
        self.news.append(self.work)

    def publish(self):
        for work in self.news:
            for table, key, replaced, new in work:
                ids = table.setdefault(key, [])
                for id in replaced:
                    if id in ids:
                        ids.remove(id)
                if new:
                    ids.append(new)
        self.news = []

    def _mine(self, own, table, key):
        if key not in own:
            own[key] = list(table.get(key, ()))
        return own[key]

    def _set(self, body, id, document, field, value):
        ids = self._mine(self.own_heads, self.heads, (document, field))
        body.setdefault("set", {})[field] = value
        if ids:
            body.setdefault("over", {})[field] = sorted(ids, key=protocol.split_id)
        self.work.append((self.heads, (document, field), tuple(ids), id))
        self.own_heads[document, field] = [id]

    def _tag(self, id, document, tag):
        self._mine(self.own_adds, self.adds, (document, tag)).append(id)
        self.work.append((self.adds, (document, tag), (), id))

    def change(self, edit):
        """The change of an edit; None where it would change nothing."""
        kind, document, value = edit["op"], edit["doc"], edit["value"]
        id = f"{self.replica}.{self.sequence}"
        by, body = edit["replica"], {}
        if kind in ("customer", "ticket"):
            self.entities[document] = f"{kind}/{id}"
        on = self.entities[document]
        if kind == "customer":
            for field in ("name", "locale", "preferred_channel"):
                self._set(body, id, document, field, value[field])
            for field in value["address"]:
                self._set(body, id, document, "address." + field, value["address"][field])
            body["add"] = {field: value[field] for field in ("emails", "phones", "tags") if value[field]}
        elif kind == "ticket":
            self._set(body, id, document, "customer", self.entities[value["customer_id"]])
            for field in ("subject", "status", "priority", "assignee", "team", "channel"):
                self._set(body, id, document, field, value[field])
            if value["tags"]:
                body["add"] = {"tags": value["tags"]}
        elif kind == "set":
            self._set(body, id, document, edit["field"], value)
        elif kind == "fact":
            by = value["by"]
            self._set(body, id, document, "fact." + edit["field"], {"value": value["value"], "channel": value["channel"]})
        elif kind == "tag":
            tag = edit["field"]
            if value:
                body["add"] = {"tags": [tag]}
                self._tag(id, document, tag)
            else:
                seen = self._mine(self.own_adds, self.adds, (document, tag))
                if not seen:
                    return None
                body["drop"] = {"tags": {tag: sorted(seen, key=protocol.split_id)}}
                self.work.append((self.adds, (document, tag), tuple(seen), None))
                self.own_adds[document, tag] = []
        else:
            entry = {"kind": "note" if value["dir"] == "note" else "message", "channel": value["channel"]}
            if value["dir"] != "note":
                entry["direction"] = value["dir"]
            if value["dir"] != "in":
                by = value["author"]
            body["log"] = {"timeline": {**entry, "text": value["text"]}}
        for tag in value.get("tags", ()) if kind in ("customer", "ticket") else ():
            self._tag(id, document, tag)
        self.sequence += 1
        return protocol.Change(
            self.replica, self.sequence - 1, tuple(edit["hlc"]), self.seen, by, on, compact(body)[1:-1])


# A workload of the project's own.

STATUSES = ("open", "pending", "on-hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TEAMS = ("billing", "delivery", "returns", "technical")
TAGS = ("vip", "refund", "late", "damaged", "warranty", "callback", "outage", "legal")
CHANNELS = ("email", "chat", "phone", "web", "sms")
START = 1_700_000_000_000
YEAR = 365 * 86_400_000


class Fixture:
    """Tickets of the customers in `Fixtures/northwind`, with what was said in `Fixtures/star`."""

    def __init__(self, tickets, agents, edits, rounds, seed):
        self.random = random.Random(seed)
        self.tickets, self.agents, self.edits, self.rounds = tickets, agents, edits, rounds
        self.owner, self.tags = {}, {}
        with open(ROOT / "Fixtures/northwind/customers.csv", encoding="utf-8") as file:
            self.people = list(csv.DictReader(file))
        self.dialogues = []
        for dialogue in read(ROOT / "Fixtures/star/dialogues.jsonl"):
            said = [(event["Agent"] == "User", event["Text"]) for event in dialogue["Events"]
                    if event.get("Action") in ("utter", "pick_suggestion") and event.get("Text")]
            self.dialogues.append(said)
        self.words = sorted({word for said in self.dialogues for _, text in said for word in text.split()})

    def agent(self, number=None):
        return "agent-%02d" % (self.random.randrange(self.agents) if number is None else number)

    def text(self, said):
        """A line of a dialogue with words of its own, so that no two messages are the same."""
        return said + " " + " ".join(self.random.choices(self.words, k=self.random.randint(2, 12)))

    def customer(self, number):
        pick, row = self.random, self.people[number % len(self.people)]
        document = f"C{number:07d}"
        self.tags[document] = sorted(pick.sample(TAGS, pick.randint(0, 2)))
        at = START + pick.randrange(YEAR // 4)
        yield at, {"doc": document, "op": "customer", "value": {
            "name": f"{row['contact_name']} {number}",
            "emails": [f"{row['customer_id'].lower()}{number}@mail.example"],
            "phones": [f"+45 {pick.randrange(10**8):08d}"],
            "preferred_channel": pick.choice(CHANNELS), "locale": "en-GB",
            "address": {"street": row["address"], "zip": row["postal_code"], "city": row["city"], "country": row["country"]},
            "tags": self.tags[document]}}
        for key in pick.sample(("shoe_size", "floor", "household", "heating", "router"), 3):
            at += pick.randrange(YEAR // 12)
            yield at, {"doc": document, "op": "fact", "field": key, "value": {
                "value": str(pick.randrange(50)), "by": self.agent(), "at": at, "channel": pick.choice(CHANNELS)}}

    def new_ticket(self, document, customer, subject):
        pick = self.random
        self.owner[document], self.tags[document] = customer, sorted(pick.sample(TAGS, pick.randint(0, 2)))
        return {"doc": document, "op": "ticket", "value": {
            "customer_id": customer, "subject": subject[:80], "status": pick.choices(STATUSES, (35, 15, 5, 20, 25))[0],
            "priority": pick.choice(PRIORITIES), "assignee": self.agent(), "team": pick.choice(TEAMS),
            "channel": pick.choice(CHANNELS), "tags": self.tags[document]}}

    def message(self, document, inbound, said, author=None):
        return {"doc": document, "op": "msg", "value": {
            "channel": self.random.choice(CHANNELS), "author": self.owner[document] if inbound else author or self.agent(),
            "dir": "in" if inbound else "out", "text": self.text(said)}}

    def ticket(self, number):
        pick, said = self.random, self.random.choice(self.dialogues)
        document = f"T{number:07d}"
        customer = f"C{pick.randrange(max(1, self.tickets // 2)):07d}"
        at = START + YEAR // 4 + pick.randrange(YEAR // 2)
        yield at, self.new_ticket(document, customer, self.text(said[0][1]))
        for inbound, text in said[: pick.randint(4, 10)]:
            at += 1000 + int(pick.expovariate(1 / 36_000_000))
            yield at, self.message(document, inbound, text)

    def base(self):
        timed = [edit for number in range(max(1, self.tickets // 2)) for edit in self.customer(number)]
        timed += [edit for number in range(self.tickets) for edit in self.ticket(number)]
        timed.sort(key=lambda edit: edit[0])
        last, count = 0, 0
        for sequence, (at, edit) in enumerate(timed, 1):
            count = count + 1 if at == last else 0
            last = at
            yield {"replica": IMPORTER, "seq": sequence, "hlc": [at, count], **edit}

    def work(self):
        pick = self.random
        sequences = [0] * self.agents
        for round in range(self.rounds):
            for number in range(self.agents):
                name, at, document = self.agent(number), START + YEAR + round * 86_400_000, None
                for _ in range(self.edits):
                    at += 1000 + int(pick.expovariate(self.edits / 28_800_000))
                    sequences[number] += 1
                    if document is None or pick.random() > 0.35:
                        document = f"T{int(self.tickets * pick.random() ** 2):07d}"
                    choice = pick.random()
                    if choice < 0.6:
                        edit = self.message(document, False, pick.choice(pick.choice(self.dialogues))[1], name)
                    elif choice < 0.8:
                        field, values = pick.choice((("status", STATUSES), ("priority", PRIORITIES), ("team", TEAMS)))
                        edit = {"doc": document, "op": "set", "field": field, "value": pick.choice(values)}
                    elif choice < 0.9:
                        edit = {"doc": self.owner[document], "op": "fact", "field": "floor", "value": {
                            "value": str(pick.randrange(50)), "by": name, "at": at, "channel": pick.choice(CHANNELS)}}
                    elif choice < 0.95:
                        edit = {"doc": document, "op": "tag", "field": pick.choice(TAGS), "value": True}
                    else:
                        document, owner = f"T{number}-{sequences[number]}", self.owner[document]
                        edit = self.new_ticket(document, owner, self.text("A new one:"))
                    yield {"replica": name, "seq": sequences[number], "hlc": [at, 0], "round": round, **edit}


def write_fixture(folder, tickets, agents=50, edits=200, rounds=3, seed=1):
    """Writes a workload of the project's own data."""
    folder.mkdir(parents=True, exist_ok=True)
    fixture = Fixture(tickets, agents, edits, rounds, seed)
    for name, lines in (("base.jsonl", fixture.base()), ("edits.jsonl", fixture.work())):
        with open(folder / name, "w", encoding="utf-8") as file:
            for line in lines:
                file.write(compact(line) + "\n")
    return folder
