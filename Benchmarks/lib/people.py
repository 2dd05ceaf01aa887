"""A workspace of people and their tickets, as lines that `askonce import --format entities` reads.

Invented, and the same for the same numbers: names, streets and sentences are drawn from small lists by a seeded generator, so that
words are about as often alike as those of a real desk's. Three tickets in a hundred are open, a third of them waits for
the customer or for somebody else, and one customer in ten called three times or more.
"""
import datetime
import json
import random

FIRST = """Anna Bo Carla David Elin Frida Gustav Hanna Ivar Jonas Karin Lars Maja Nils Olga Petra Quentin Rasmus Sofia Tove Ulf Vera
William Ylva Åsa Östen Ingrid Mikkel Søren Astrid Henrik Lotte Kirsten Aino Eero Liisa Pekka Tuomas Janis Liga Rasa Tomas Kadri
Maarja Hans Greta Jürgen Käthe Wim Saskia Joost Fleur Oliver Emily Harriet George""".split()
MIDDLE = "Maria Erik Johan Sofie Elisabeth Karl August Helena Viktor Linnéa Emil Ida Oskar Clara".split()
LAST = """Lind Berg Holm Dahl Strand Nyman Sjögren Ek Björk Åkesson Lundqvist Hansen Jensen Kristensen Mortensen Olsen Nielsen
Virtanen Korhonen Mäkinen Laine Heikkilä Bērziņš Kalniņš Ozols Kazlauskas Petrauskas Tamm Saar Sepp Müller Schmidt Weber Becker
Jansen de-Vries Bakker Visser Smith Taylor Brown Walker Wright Hughes""".split()
STREETS = "Storgatan Lilla-Torg Vestergade Nørregade Hämeentie Mannerheimintie Brīvības-iela Gedimino Pikk Hauptstraße Dorpsstraat".split()
CITIES = "Malmö Lund Aarhus Odense Turku Tampere Riga Vilnius Tallinn Lübeck Groningen York".split()
THINGS = "tap boiler radiator meter router invoice contract parcel pump valve thermostat cable refund delivery appointment password-page".split()
TROUBLE = "leaks rattles is-late is-broken shows-an-error was-never-delivered is-too-loud stopped-working is-missing cannot-be-read".split()
PLACES = "kitchen cellar bathroom garage attic office hall garden".split()
TOPICS = "water heating power billing delivery account".split()
TEAMS = "plumbing heating accounts logistics first-line".split()
CHANNELS = "phone email chat social web sms".split()
AGENTS = [f"agent-{number:02}" for number in range(40)]
# All of it lies in the past: later dates than the server's clock would count as a wrong clock.
START = datetime.datetime(2025, 11, 3, 7, tzinfo=datetime.timezone.utc)


def stamp(minutes):
    return (START + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def customer(number, draw):
    first, last = draw.choice(FIRST), draw.choice(LAST)
    name = f"{first} {draw.choice(MIDDLE)} {last}" if draw.random() < 0.5 else f"{first} {last}"
    city = draw.choice(CITIES)
    fields = {
        "name": name, "language": draw.choice(["sv", "da", "fi", "de", "en"]),
        "address.street": f"{draw.choice(STREETS)} {draw.randint(1, 120)}", "address.postcode": f"{draw.randint(10000, 99999)}",
        "address.city": city, "channel": draw.choice(CHANNELS[:3]),
        "fact.shoe_size": {"value": str(draw.randint(35, 47)), "channel": "phone"},
    }
    if draw.random() < 0.3:
        fields["fact.usual_place"] = {"value": draw.choice(CITIES), "purpose": "service"}
    if draw.random() < 0.1:
        fields["consent.marketing"] = {"state": draw.choice(["withdrawn", "granted"]), "at": stamp(number)}
    return {
        "type": "customer", "ref": f"C{number:06}", "at": stamp(number), "by": draw.choice(AGENTS), "fields": fields,
        "sets": {"phones": [phone(number)], "emails": [email(number)]},
    }


def phone(number):
    return f"+46 70 {number // 10_000 % 1000:03} {number % 10_000 // 100:02} {number % 100:02}"


def email(number):
    return f"customer.{number}@example.org"


def ticket(number, customers, draw):
    thing, trouble, place = draw.choice(THINGS), draw.choice(TROUBLE).replace("-", " "), draw.choice(PLACES)
    # Few call often, most once or twice.
    who = int(customers * draw.random() ** 1.5)
    opened = customers + number * 2
    channel = draw.choice(CHANNELS)
    if draw.random() < 0.03:
        status = draw.choice(["new", "open", "open", "open", "pending", "on-hold"])
    else:
        status = draw.choice(["solved", "closed", "closed"])
    fields = {
        "subject": f"The {thing} in the {place} {trouble}", "status": status, "channel": channel,
        "priority": draw.choice(["low", "normal", "normal", "normal", "high", "urgent"]), "topic": draw.choice(TOPICS),
        "team": draw.choice(TEAMS),
    }
    if status != "new":
        fields["assignee"] = fields["owner"] = draw.choice(AGENTS)
    text = (f"Hello, my {thing} in the {place} {trouble} since {draw.choice(['Monday', 'yesterday', 'last week'])}. It is number "
            f"{draw.randint(1000, 9999)} and was put in by {draw.choice(LAST)}. Can somebody come?")
    log = [{"at": stamp(opened), "by": fields.get("assignee", AGENTS[0]),
            "timeline": {"kind": "message", "channel": channel, "direction": "in", "text": text}}]
    if status != "new" and draw.random() < 0.9:
        answer = f"We send somebody for the {thing} on day {draw.randint(2, 20)}, between {draw.randint(8, 12)} and 16."
        log.append({"at": stamp(opened + draw.randint(1, 600)), "by": fields["assignee"],
                    "timeline": {"kind": "message", "channel": channel, "direction": "out", "text": answer}})
    return {"type": "ticket", "ref": f"T{number:06}", "at": stamp(opened), "by": fields.get("assignee", AGENTS[0]),
            "fields": fields, "links": {"customer": f"customer/C{who:06}"}, "log": log}


def write(path, customers, tickets):
    """Writes the lines; gives how many."""
    draw = random.Random(2026)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(customers):
            file.write(json.dumps(customer(number, draw), ensure_ascii=False, separators=(",", ":")) + "\n")
        for number in range(tickets):
            file.write(json.dumps(ticket(number, customers, draw), ensure_ascii=False, separators=(",", ":")) + "\n")
    return customers + tickets
