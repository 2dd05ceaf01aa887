"""Sections 4 to 6: text kept apart, blocks and members, the running checksum."""
import gzip
import json
import zlib

from .change import Change, Damaged, parse_time, time_text

# Section 4: text kept apart.


def take_text(body):
    """Parts a body into what stays and its last text, None where nothing is kept apart."""
    end = len(body.rstrip("}]"))
    if end < 2 or body[end - 1] != '"':
        return body, None
    # The opening quote: the last one before the closing one that no odd number of backslashes escapes.
    start = end - 2
    while start >= 0:
        if body[start] == '"':
            slashes = 0
            while start - slashes > 0 and body[start - slashes - 1] == "\\":
                slashes += 1
            if slashes % 2 == 0:
                break
        start -= 1
    length = len(body[start + 1 : end - 1].encode())
    if 0 < length < 16:
        return body, None
    return body[:start] + '""' + body[end:], body[start:end]


def wants_text(body):
    return body.rstrip("}]").endswith((':""', ',""', '[""'))


def put_text(body, text):
    end = len(body.rstrip("}]"))
    return body[: end - 2] + text + body[end:]


# Section 5: blocks.


class Lines:
    def __init__(self, text):
        self.text, self.index = text, 0

    def next(self):
        end = self.text.find("\n", self.index)
        if end < 0:
            raise Damaged("a line without an end")
        line, self.index = self.text[self.index : end], end + 1
        return line

    def __bool__(self):
        return self.index < len(self.text)


def parse_times(column):
    times, milliseconds = [], 0
    for item in column:
        difference, _, counter = str(item).partition("~")
        milliseconds += int(difference)
        times.append((milliseconds, int(counter or 0)))
    return times


def times_column(times):
    column, earlier = [], 0
    for milliseconds, counter in times:
        column.append(f"{milliseconds - earlier}~{counter}" if counter else milliseconds - earlier)
        earlier = milliseconds
    return column


def restore_texts(bodies, lines):
    whole = []
    for body in bodies:
        if not (body.startswith("{") and body.endswith("}")):
            raise Damaged(f"no body: {body[:60]!r}")
        whole.append(body[1:-1])
    return [put_text(body, lines.next()) if wants_text(body) else body for body in whole]


def parse_blocks(text):
    """The blocks of an inflated member, each a list of changes."""
    lines = Lines(text)
    blocks = []
    while lines:
        header = json.loads(lines.next())
        times = parse_times(header["times"])
        bodies = restore_texts([lines.next() for _ in times], lines)
        stamp = parse_time(header["stamp"])[0] if "stamp" in header else None
        changes, on = [], None
        for offset, (at, body) in enumerate(zip(times, bodies)):
            sequence = header["seq"] + offset
            name = header["on"][offset]
            if name:
                on = name + f"{header['replica']}.{sequence}" if name.endswith("/") else name
            who = header["who"][offset] if "who" in header else 0
            by = header["names"][who - 1] if who else header["by"]
            position = header["first"] + offset if "first" in header else None
            changes.append(
                Change(header["replica"], sequence, at, header["seen"], by, on, body, position, stamp,
                       header.get("seenlimit")))
        blocks.append((header, changes))
    return blocks


def block_text(changes, defaults=None):
    """A block to push: changes of one replica in sequence order that share `seen`.

    `defaults` is (replica, agent, after), what the server knows without being told.
    """
    first = changes[0]
    header = {}
    replica, by, seen = defaults or (None, None, None)
    if first.replica != replica:
        header["replica"] = first.replica
    if first.by != by:
        header["by"] = first.by
    if first.seen != seen:
        header["seen"] = first.seen
    header["seq"] = first.sequence
    header["times"] = times_column([change.at for change in changes])
    header["on"], previous = [], None
    for change in changes:
        kind, origin = change.on.split("/")
        header["on"].append(
            "" if change.on == previous else kind + "/" if origin == change.id else change.on)
        previous = change.on
    names = []
    for change in changes:
        if change.by != first.by and change.by not in names:
            names.append(change.by)
    if names:
        header["names"] = names
        header["who"] = [0 if change.by == first.by else names.index(change.by) + 1 for change in changes]
    bodies, texts = [], []
    for change in changes:
        body, text = take_text(change.body)
        bodies.append("{" + body + "}\n")
        if text is not None:
            texts.append(text + "\n")
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")) + "\n"
    return head + "".join(bodies) + "".join(texts)


def follows(change, later):
    """Whether a change may stand behind another one in a block."""
    return later.replica == change.replica and later.sequence == change.sequence + 1 and later.seen == change.seen


def gzip_member(text):
    return gzip.compress(text.encode() if isinstance(text, str) else text, mtime=0)


def zlib_stream(text, dictionary):
    deflater = zlib.compressobj(9, zlib.DEFLATED, 15, zdict=dictionary)
    return deflater.compress(text.encode()) + deflater.flush()


def gzip_members(data):
    """Inflates the members of some bytes one by one: (text, index behind it)."""
    index = 0
    while index < len(data):
        inflater = zlib.decompressobj(31)
        text = inflater.decompress(data[index:])
        if not inflater.eof:
            raise Damaged("a member that was cut off")
        index = len(data) - len(inflater.unused_data)
        yield text.decode(), index


# Section 6: the running checksum.


def next_sum(sum, changes):
    for change in changes:
        limit = "" if change.seen_limit is None else f" {change.seen_limit}"
        line = f"{change.id} {time_text(change.at)} {time_text((change.stamp, 0))}{limit}\n"
        sum = zlib.crc32(line.encode(), sum)
    return sum
