"""The history of a desk of any size, encoded fast: ten million changes in minutes.

Agents work in shifts, one push each: new customers with facts, tickets of customers who are known, messages and notes on recent
tickets, tickets that are solved or tagged. What is said are lines of `Fixtures/star` with words of others behind. The texts of
blocks are put together from templates, by section 5 of Protocol.md; what varies in them is drawn by a seeded generator, so that the
same size gives the same changes.
"""
import csv
import pathlib
import random

import protocol
import workload

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERSION = 1  # goes up when the changes of a size become others, so that servers are filled anew
AGENTS = 100
LONGEST = 2000  # changes a push
START = workload.START
SPAN = 2 * workload.YEAR
TEXTS = 20_000
TRIMMED = 10_000

# What twenty changes are in turn: Customer, Fact, Ticket, Message, Solved, taG. Ten changes come on a ticket.
TURN = "CTMMFMMSMMFTMMFMMSMG"


class History:
    """`changes` changes by agents with the given replica ids and names."""

    def __init__(self, changes, agents, seed=7):
        self.changes, self.agents = changes, list(agents)
        self.random = random.Random(seed)
        self.tickets, self.customers = [], []  # entity ids, in the order of their creation
        self.solved = 0  # how many of the tickets were solved, from the first on
        self.sequences = [0] * len(agents)
        fixture = workload.Fixture(1, len(agents), 1, 1, seed)
        lines = [text for said in fixture.dialogues for _, text in said]
        # As long as what people write, 170 bytes, and deflated 55: lines alone would repeat too often. All have 16 bytes or more,
        # so that they stand apart from the body (section 4).
        self.texts = [
            protocol.change.string(" ".join([
                self.random.choice(lines)[:60], *self.random.choices(fixture.words, k=self.random.randint(10, 36))]))
            for _ in range(TEXTS)]
        self.subjects = [protocol.change.string(text[1:-1].partition("\\")[0][:60]) for text in self.texts]
        with open(ROOT / "Fixtures/northwind/customers.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.people = [(row["contact_name"], row["customer_id"].lower(), ",".join(
            f'"address.{part}":{protocol.change.string(row[column])}'
            for part, column in (("street", "address"), ("postcode", "postal_code"), ("city", "city")))) for row in rows]

    def pushes(self):
        """(number of the agent, how many changes, the block's text); the last push may be a short one."""
        size = max(1, min(LONGEST, self.changes // len(self.agents)))
        count = -(-self.changes // size)
        for number in range(count):
            agent = number % len(self.agents)
            wanted = min(size, self.changes - number * size)
            yield agent, wanted, self.shift(agent, wanted, START + SPAN * number // count)

    def shift(self, agent, count, at):
        """The text of a block of an agent's next changes, without what a device need not say: replica, author, seen."""
        replica, name = self.agents[agent]
        first = self.sequences[agent] + 1
        on, bodies, texts, times = [], [], [], [at]
        draw, tickets, customers, said = self.random.random, self.tickets, self.customers, self.texts
        last = None
        for number in range(count):
            sequence = first + number
            kind = TURN[number % len(TURN)]
            times.append(1000 + int(draw() * 28_000))
            if kind == "T" and customers or not tickets and customers:
                body = self.ticket(customers[int(len(customers) * draw())], name)
                entity, shown = f"ticket/{replica}.{sequence}", "ticket/"
                tickets.append(entity)
            elif kind == "C" or not tickets:
                body = self.customer()
                entity, shown = f"customer/{replica}.{sequence}", "customer/"
                customers.append(entity)
            else:
                if kind == "F":
                    entity, body = customers[int(len(customers) * draw())], self.fact()
                elif kind == "S" and self.solved < len(tickets) * 19 // 20:
                    entity, body = self.solve()
                else:
                    # Most is about what is new.
                    entity = tickets[-1 - int(len(tickets) * draw() ** 4)]
                    if kind == "G":
                        body = '{"add":{"tags":["%s"]}}' % workload.TAGS[int(8 * draw())]
                    else:
                        body = MESSAGES[int(len(MESSAGES) * draw())]
                        texts.append(said[int(len(said) * draw())])
                shown = "" if entity == last else entity
            on.append(shown)
            bodies.append(body)
            last = entity
        self.sequences[agent] += count
        header = '{"seq":%d,"times":[%s],"on":["%s"]}' % (first, ",".join(map(str, times[:-1])), '","'.join(on))
        return "\n".join([header, *bodies, *texts, ""])

    def enrol(self, replica, name):
        """Adds an agent; gives its number."""
        self.agents.append((replica, name))
        self.sequences.append(0)
        return len(self.agents) - 1

    def trim(self):
        """Keeps no more tickets and customers than are needed to go on: some of all times, and those that are not solved."""
        old, new = self.tickets[: self.solved], self.tickets[self.solved :]
        old, new = old[:: 1 + len(old) // TRIMMED], new[-TRIMMED:]
        self.tickets, self.solved = old + new, len(old)
        self.customers = self.customers[:: 1 + len(self.customers) // TRIMMED]

    def customer(self):
        draw, number = self.random.random, len(self.customers)
        name, short, address = self.people[int(len(self.people) * draw())]
        return (f'{{"set":{{"name":"{name} {number}","language":"en","channel":"{workload.CHANNELS[int(5 * draw())]}",{address}}},'
                f'"add":{{"emails":["{short}{number}@mail.example"],"phones":["+45 {int(draw() * 10**8):08d}"]}}}}')

    def ticket(self, customer, agent):
        draw = self.random.random
        return (f'{{"set":{{"customer":"{customer}","subject":{self.subjects[int(len(self.subjects) * draw())]},"status":"open",'
                f'"priority":"{workload.PRIORITIES[int(4 * draw())]}","assignee":"{agent}",'
                f'"team":"{workload.TEAMS[int(4 * draw())]}","channel":"{workload.CHANNELS[int(5 * draw())]}"}}}}')

    def fact(self):
        draw = self.random.random
        return '{"set":{"fact.%s":{"value":"%d","channel":"%s"}}}' % (
            FACTS[int(len(FACTS) * draw())], draw() * 50, workload.CHANNELS[int(5 * draw())])

    def solve(self):
        """The ticket that is open for longest is solved; the change that made it had set its status."""
        entity = self.tickets[self.solved]
        self.solved += 1
        return entity, '{"set":{"status":"solved"},"over":{"status":["%s"]}}' % entity.partition("/")[2]


FACTS = ("shoe_size", "floor", "household", "heating", "router")
MESSAGES = [
    '{"log":{"timeline":{"kind":"message","channel":"%s","direction":"%s","text":""}}}' % (channel, direction)
    for channel in workload.CHANNELS for direction in ("in", "out")] + ['{"log":{"timeline":{"kind":"note","text":""}}}']
