"""Some weeks of a desk's work, drawn from a seed, as lines to import."""
import random
from datetime import datetime, timedelta, timezone

BEGIN, END = datetime(2026, 3, 2, tzinfo=timezone.utc), datetime(2026, 3, 23, tzinfo=timezone.utc)
CHANNELS = ["phone", "email", "chat", "social", "web"]
STATUSES = ["new", "open", "pending", "on-hold", "solved", "closed"]
PRIORITIES = ["low", "normal", "high", "urgent"]
HOUR = timedelta(hours=1)


class Work:
    """Edits as an agent's device writes them, with the heads that each value replaces."""

    def __init__(self, seed):
        self.dice, self.lines, self.heads = random.Random(seed), [], {}

    def change(self, at, on=None, kind=None, over=True, **body):
        number = len(self.lines) + 1
        identity = f"pythgen000.{number}"
        on = on or f"{kind}/{identity}"
        line = {"id": identity, "at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z", "seen": 0, "by": "anna",
                "on": on}
        if "set" in body:
            line["set"] = body["set"]
            old = {field: self.heads[on, field] for field in body["set"] if self.heads.get((on, field)) and over}
            if old:
                line["over"] = old
            for field in body["set"]:
                self.heads[on, field] = [identity] + ([] if over else self.heads.get((on, field), []))
        if "log" in body:
            line["log"] = body["log"]
        self.lines.append((at, line))
        return on

    def moment(self, low=BEGIN, high=END):
        return low + timedelta(milliseconds=self.dice.randrange(int((high - low).total_seconds() * 1000)))

    def draw(self):
        dice = self.dice
        people = [self.change(BEGIN - HOUR, kind="customer", set={"name": f"Customer {n}"}) for n in range(40)]
        tickets = []
        for number in range(260):
            at = self.moment(BEGIN - timedelta(days=4))
            channel = dice.choice(CHANNELS)
            values = {"subject": f"Ticket {number}", "status": "new", "channel": channel, "customer": dice.choice(people)}
            if dice.random() < 0.8:
                values["team"] = dice.choice(["water", "heating", "front"])
            if dice.random() < 0.5:
                values["priority"] = dice.choice(PRIORITIES)
            entry = {"kind": "message", "channel": channel, "direction": "in", "text": "it drips"}
            body = {"set": values} | ({"log": {"timeline": entry}} if dice.random() < 0.9 else {})
            ticket = self.change(at, kind="ticket", **body)
            tickets.append(ticket)
            for _ in range(dice.randrange(12)):
                at += timedelta(milliseconds=dice.choice([90_000, 1_800_000, 20_000_000, 90_000_000]) * dice.random())
                self.step(ticket, channel, at)
        # Twins that somebody merged.
        for first, second in zip(tickets[::20], tickets[1::20]):
            at = self.moment()
            self.change(at, second, set={"merged": first})
            self.change(at, first, log={"timeline": {"kind": "event", "event": "merged", "ticket": second, "text": "took in"}})
        for ticket in dice.sample(tickets, 90):
            due = self.moment()
            promise = self.change(due - timedelta(days=2), kind="promise", set={
                "text": "a call", "customer": dice.choice(people), "ticket": ticket, "state": "open",
                "due": f"{due:%Y-%m-%dT%H:%M:%S}.000Z"})
            if dice.random() < 0.8:
                self.change(due, promise, set={"state": dice.choice(["kept", "kept", "broken", "waived"])})
        for ticket in dice.sample(tickets, 80):
            values = {"ticket": ticket, "csat": dice.randrange(1, 6)}
            if dice.random() < 0.6:
                values["ces"] = dice.randrange(1, 8)
            self.change(self.moment(), kind="survey", set=values)
        for _ in range(200):
            entry = {"ticket": dice.choice(tickets)} if dice.random() < 0.8 else {"channel": "phone"}
            keys = ["shoe_size", "address", "birth_date"][:dice.randrange(1, 4)]
            entry[dice.choice(["spared", "spared", "asked", "confirmed", "again"])] = keys
            self.change(self.moment(), dice.choice(people), log={"questions": entry})
        # In the order in which things happened, but each entity's first edit first, as devices send them.
        return [line for _, line in self.lines]

    def step(self, ticket, channel, at):
        dice, what = self.dice, self.dice.random()
        if what < 0.3:
            entry = {"kind": dice.choice(["message", "call"]), "channel": channel, "direction": "in", "text": "and now?"}
        elif what < 0.62:
            entry = {"kind": dice.choice(["message", "message", "call", "told"]), "channel": channel, "direction": "out",
                     "text": "tomorrow"}
            if entry["kind"] == "message":
                entry["state"] = dice.choice(["queued", "delivered", "failed", "draft"])
        elif what < 0.7:
            entry = {"kind": "note", "text": "hm"}
        elif what < 0.78:
            entry = {"kind": "transfer", "to": "bo", "text": "speaks Finnish"}
        else:
            self.change(at, ticket, over=dice.random() < 0.9, set={"status": dice.choice(STATUSES)})
            return
        if dice.random() < 0.2:
            early = at - timedelta(minutes=dice.randrange(1, 50))
            entry["at"] = f"{early:%Y-%m-%dT%H:%M:%S}.000Z"
        self.change(at, ticket, log={"timeline": entry})
