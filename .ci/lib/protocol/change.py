"""Sections 1 and 2: ids, times, and the change."""
import calendar
import json
import random
import re
import time
import zlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
FAR_AHEAD = 300_000  # section 3: milliseconds that a change may be dated before its receipt counts


class Damaged(Exception):
    """What was read does not follow Protocol.md."""


# Section 1: ids and times.


def new_replica(source=random):
    return "".join(source.choice(ALPHABET) for _ in range(10))


def split_id(text):
    replica, sequence = text.split(".")
    return replica, int(sequence)


def time_text(at):
    """The text of (milliseconds, counter)."""
    milliseconds, counter = at
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000)) + f".{milliseconds % 1000:03d}Z"
    return text + (f"~{counter}" if counter else "")


def parse_time(text):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z(?:~([1-9]\d*))?", text)
    if not match:
        raise Damaged(f"not a time: {text!r}")
    seconds = calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 1000 + int(match[2]), int(match[3] or 0)


# Section 2: a change. The body is kept as text, byte for byte.


class Change:
    def __init__(self, replica, sequence, at, seen, by, on, body, position=None, stamp=None, seen_limit=None):
        self.replica, self.sequence, self.at, self.seen = replica, sequence, at, seen
        self.by, self.on, self.body = by, on, body
        self.position, self.stamp, self.seen_limit = position, stamp, seen_limit

    @property
    def id(self):
        return f"{self.replica}.{self.sequence}"

    @property
    def effective(self):
        """Section 3: a change dated far behind its receipt counts as made when it was received."""
        if self.stamp is not None and self.at[0] - self.stamp > FAR_AHEAD:
            return self.stamp, 0
        return self.at

    def line(self):
        """The canonical form."""
        by = string(self.by)
        text = f'{{"id":"{self.id}","at":"{time_text(self.at)}","seen":{self.seen},"by":{by},"on":"{self.on}"'
        return text + ("," + self.body if self.body else "") + "}"


def checked_line(record):
    """An object as a line of a file that is not compressed."""
    text = json.dumps({key: value for key, value in record.items() if key != "crc"}, separators=(",", ":"))[:-1]
    return f'{text},"crc":"{zlib.crc32(text.encode()):08x}"}}\n'


def string(text):
    """A JSON string with nothing escaped that need not be."""
    return json.dumps(text, ensure_ascii=False)


_decoder = json.JSONDecoder()


def members(text, start=0):
    """The members of the JSON object that starts at an index: names decoded, values as the author wrote them."""
    found = []
    index = start + 1
    if text[index] == "}":
        return found, index + 1
    while True:
        name, index = _decoder.raw_decode(text, index)
        begin = index + 1  # behind the colon
        _, index = _decoder.raw_decode(text, begin)
        found.append((name, text[begin:index]))
        if text[index] == "}":
            return found, index + 1
        index += 1
