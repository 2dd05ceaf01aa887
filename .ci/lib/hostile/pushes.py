"""Pushes against the rules of Protocol.md: bodies that are none, bombs, and what is not the client's to send."""
import json
import struct
import threading
import time
import zlib

import protocol
from harness import FULL, ROOT, check, say

from .wire import converse, request

BOMBS_AT_ONCE = 16 if FULL else 8
DICTIONARY = (ROOT / "Fixtures/protocol/dictionary-1.txt").read_bytes()
MIB = 1 << 20
HEADER = '{"seq":%d,"times":[%s],"on":[%s]}\n'


def block(sequence, count, body="{}"):
    times = ",".join(["1"] + ["0"] * (count - 1))
    on = ",".join(['"a/"'] + ['""'] * (count - 1))
    return HEADER % (sequence, times, on) + (body + "\n") * count


# Bombs, put together from deflate's own pieces so that making them takes no time.


def bomb(size, prefix=b""):
    """A gzip member that inflates to `size` bytes, about a thousandth as large."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflater.compress(prefix) + deflater.flush(zlib.Z_FULL_FLUSH)
    piece = deflater.compress(b" " * MIB) + deflater.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return head + start + piece * (size // MIB) + end + struct.pack("<II", 0, size & 0xFFFFFFFF)


# What is sent.


def bad_bodies(attacks, client):
    """What is no push: cut, bent, or against a rule of Protocol.md."""
    def push(what, code, body, status=400, **query):
        attacks.expect(what, status, code, request("POST", client.query(**query), client.token, body))

    def text(what, text, code="malformed", status=400, **query):
        push(what, code, protocol.gzip_member(text), status, **query)

    whole = protocol.gzip_member(block(client.own + 1, 3))
    for cut in range(1, len(whole)):
        push(f"gzip cut at {cut}", "malformed", whole[:cut], own=client.own + 3)
    push("no gzip at all", "malformed", b"hello")
    push("a wrong CRC", "malformed", whole[:-8] + b"\0\0\0\0" + whole[-4:])
    push("a wrong length", "malformed", whole[:-4] + b"\0\0\0\0")
    push("something behind the gzip member", "malformed", whole + b"x")
    push("a zlib stream with an unknown dictionary", "malformed",
         protocol.zlib_stream(block(client.own + 1, 1), b"another dictionary altogether"))
    stream = protocol.zlib_stream(block(client.own + 1, 3), DICTIONARY)
    for cut in range(1, len(stream)):
        push(f"zlib cut at {cut}", "malformed", stream[:cut], own=client.own + 3)
    push("a wrong Adler-32", "malformed", stream[:-4] + b"\0\0\0\0")
    push("something behind the zlib stream", "malformed", stream + b"x")
    attacks.expect("a body that ends too early", 400, "truncated-request",
                   request("POST", client.query(), client.token, whole[:20], f"Content-Length: {len(whole)}"))
    attacks.expect("a body that says it is too large", 413, "too-large",
                   request("POST", client.query(), client.token, b"x", f"Content-Length: {8 * MIB + 1}"))
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    attacks.expect("a body that is too large, in chunks", 413, "too-large",
                   request("POST", client.query(), client.token, chunk * 9, "Transfer-Encoding: chunked"))
    attacks.expect("a body where none belongs", 413, "too-large",
                   request("GET", client.base + "/runs", client.token, b"x" * 5000))

    one = HEADER % (client.own + 1, "1", '"a/"')
    text("deep nesting", one + '{"set":{"a":' + "[" * 65 + "]" * 65 + "}}\n")
    text("very deep nesting", one + '{"set":{"a":' + "[" * 200_000 + "]" * 200_000 + "}}\n")
    text("very deep nesting in a header", '{"x":' + "[" * 5_000_000 + "\n{}\n")
    push("invalid UTF-8", "malformed", protocol.gzip_member(one.encode() + b'{"set":{"a":"\xff"}}\n'))
    push("overlong UTF-8", "malformed", protocol.gzip_member(one.encode() + b'{"set":{"a":"\xc0\xaf"}}\n'))
    push("a surrogate in UTF-8", "malformed", protocol.gzip_member(one.encode() + b'{"set":{"a":"\xed\xa0\x80"}}\n'))
    for what, body in [
        ("half of a surrogate pair", '{"set":{"a":"\\ud800"}}'), ("white space", '{ "set":{"a":1}}'),
        ("a number that is none", '{"set":{"a":NaN}}'), ("the same key twice", '{"set":{"a":1},"set":{"a":2}}'),
        ("a reserved key", '{"id":"x"}'), ("a key with escapes", '{"\\u0073et":{"a":1}}'), ("no object", "[]"),
        ("an erase that is not true", '{"erase":false}'), ("a count that is no number", '{"count":{"a":"1"}}'),
        ("a count that is too large", '{"count":{"a":9007199254740992}}'), ("a change id that is none", '{"over":{"a":["x"]}}'),
        ("an element that is no string", '{"add":{"a":[1]}}'), ("a field without a name", '{"set":{"":1}}'),
        ("a field with a long name", '{"set":{"' + "a" * 201 + '":1}}'),
        ("a change that is too large", '{"set":{"a":"' + "x" * 262_200 + '"}}'),
    ]:
        text(what, one + body + "\n")
    for key in ("first", "stamp", "sum", "replica", "by", "seen", "seq", "times", "on", "names", "who"):
        for value in ('5', '-1', '""', '"x"', "[]", "[[]]", "{}", "null", "1e400", "[9007199254740993]"):
            header = {"seq": str(client.own + 1), "times": "[1]", "on": '["a/"]', key: value}
            line = "{" + ",".join(f'"{name}":{part}' for name, part in header.items()) + "}\n"
            if (key, value) in [("seen", "5"), ("by", '"x"'), ("names", "[]"), ("who", "[]")]:
                continue  # allowed
            if (key, value) == ("seq", "5"):
                text("sequence 5", line + "{}\n", "gap", 409, own=5)
            else:
                text(f"{key} {value}", line + "{}\n")
    text("a block without changes", '{"seq":1,"times":[],"on":[]}\n')
    text("a block with 10,001 changes", block(client.own + 1, 10_001))
    text("fewer bodies than times", HEADER % (client.own + 1, "1,0", '"a/",""') + "{}\n")
    text("a text that nobody waits for", one + '{"set":{"a":1}}\n"a text of some length"\n')
    text("no text where one is kept apart", one + '{"set":{"a":""}}\n')
    text("the key of no column", one + "{}\n" + "\0" * 1000)
    attacks.say("truncated, oversized and malformed bodies")


def bombs(attacks, client, server):
    """Small bodies that want to be large. Each is refused, and none may take more than the limits of one push."""
    wide = (31 * MIB) // 4
    kinds = [
        ("1 MB of gzip that is 1 GB of spaces", bomb(1000 * MIB), 413, "too-large"),
        ("1 MB of gzip that is 1 GB of one body", bomb(1000 * MIB, block(1, 1).encode()[:-3] + b'{"a":"'), 413, "too-large"),
        ("the largest body that is taken, 8 GB of spaces", bomb(8000 * MIB), 413, "too-large"),
        ("10 GB in one body, more than deflate packs into the largest that is taken", bomb(10_000 * MIB), 413, "too-large"),
        ("gzip in gzip, 10 GB in all", protocol.gzip_member(bomb(10_000 * MIB)), 400, "malformed"),
        ("many members of 1 MB each", protocol.gzip_member(b"\n" * MIB) * 4000, 413, "too-large"),
        ("a column of 16 million times", protocol.gzip_member(HEADER % (1, "0," * (2 * wide) + "0", "")), 400, "malformed"),
        ("a column of 8 million entities", protocol.gzip_member(HEADER % (1, "0", '"",' * wide + '""')), 400, "malformed"),
        ("a column of 8 million names",
         protocol.gzip_member('{"seq":1,"names":[' + '"a",' * wide + '"a"],"times":[1],"on":["a/"]}\n{}\n'), 400, "malformed"),
        ("a body of 3 million fields",
         protocol.gzip_member(block(1, 1)[:-3] + '{"set":{' + ",".join(f'"{n:x}":0' for n in range(2_500_000)) + "}}\n"),
         400, "malformed"),
        ("4 million changes", protocol.gzip_member("".join(block(first, 10_000) for first in range(1, 3_900_001, 10_000))),
         413, "too-large"),
    ]
    limit = 150
    for what, body, status, code in kinds:
        server.forget_peak()
        begin = time.monotonic()
        attacks.expect(what, status, code, request("POST", client.query(), client.token, body))
        took, peak = time.monotonic() - begin, server.memory()[1]
        say(f"  {what}: {len(body):,} bytes, {status} {code} after {took:.1f} s, peak {peak:.0f} MB")
        check(peak < limit, f"{what} took the server to {peak:.0f} MB")
    # The same, many at a time.
    server.forget_peak()
    data = request("POST", client.query(), client.token, kinds[1][1])
    threads = [threading.Thread(target=converse, args=(server, data)) for _ in range(BOMBS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peak = server.memory()[1]
    say(f"  {BOMBS_AT_ONCE} bombs at a time: peak {peak:.0f} MB")
    check(peak < 3 * limit, f"{BOMBS_AT_ONCE} bombs at a time took the server to {peak:.0f} MB")
    attacks.say("bombs")


def wrong_order(attacks, client, other):
    """Sequences, cursors and replicas that are not the client's to send."""
    def push(what, status, code, changes, **query):
        body = protocol.gzip_member(client.push_text(changes))
        attacks.expect(what, status, code, request("POST", client.query(**query), client.token, body))

    def change(sequence, replica=client.replica, **more):
        at = more.get("at", (1_795_000_000_000, 0))
        seen, body = more.get("seen", client.position), more.get("body", '"set":{"a":1}')
        return protocol.Change(replica, sequence, at, seen, client.agent, f"ticket/{replica}.1", body)

    last = client.own
    push("a sequence that leaves out one", 409, "gap", [change(last + 2)], own=last + 2)
    push("a sequence far ahead", 409, "gap", [change(2**53 - 1)], own=2**53 - 1)
    push("fewer own changes than the server holds", 409, "forked", [], own=last - 1)
    push("another change of the same id", 409, "forked", [change(last, at=(1_795_000_000_001, 0))])
    push("another replica's change", 403, "forbidden", [change(other.own + 1, other.replica)])
    push("another replica's change behind an own one", 403, "forbidden",
         [change(last + 1), change(other.own + 1, other.replica)], own=last + 1)
    push("a position that the log has not reached", 409, "diverged", [], after=client.position + 1)
    push("a position without end", 409, "diverged", [], after=2**53 - 1)
    push("a wrong sum", 409, "diverged", [], sum="00000000")
    for seen in (client.position + 1_000_000, 2**53 - 1):
        push(f"a change that has seen position {seen}", 400, "malformed", [change(last + 1, seen=seen)], own=last + 1)
    erasure = '"erase":true'
    push("a plain agent's erasure", 403, "not-supervisor", [change(last + 1, body=erasure)], own=last + 1)
    for replica, sequence in ((other.replica, other.own + 1), ("0123456789", 1), (client.replica, last + 1)):
        text = protocol.block_text([change(sequence, replica, body=erasure)])
        attacks.expect(f"a plain agent's erasure as one of replica {replica}", 403, "not-supervisor",
                       request("POST", client.query(own=last + 1, relay=1), client.token, protocol.gzip_member(text)))
    placed = '{"first":1,"stamp":"2026-11-21T17:22:40.001Z","sum":"00000000",' + block(last + 1, 1)[1:]
    attacks.expect("a place that the client chose", 400, "malformed",
                   request("POST", client.query(own=last + 1), client.token, protocol.gzip_member(placed)))
    for query in ("", "after=1", "sum=00000000", "after=-1&sum=00000000", "after=1&sum=xyz", "after=9007199254740993&sum=00000000",
                  "after=0&sum=00000000", "after=0&sum=00000000&own=-1", "after=0&sum=00000000&own=0&limit=x", "after=0x0&sum=00000000",
                  "after=0&sum=00000000&own=0&relay=yes"):
        attacks.expect(f"the query {query!r}", 400, "malformed",
                       request("POST", f"{client.base}/sync?{query}", client.token))
    for at in ("", "?at=", "?at=x", "?at=-1", "?at=99999999999999999999"):
        attacks.expect(f"the sum at {at!r}", 400, "malformed", request("GET", client.base + "/sum" + at, client.token))
    attacks.expect("the sum behind the head", 404, "gap", request("GET", f"{client.base}/sum?at={2**53 - 1}", client.token))
    attacks.expect("a fork to another agent's replica", 403, "forbidden", request(
        "POST", client.base + "/fork", client.token, json.dumps({"replica": other.replica}).encode()))
    attacks.expect("a fork to no replica", 400, "malformed", request("POST", client.base + "/fork", client.token, b'{"replica":5}'))
    client.sync()  # Nothing of this has left a trace.
    attacks.say("wrong sequences, cursors and replicas")
