"""Tokens and codes of those who have no business here."""
import json
import threading

import protocol
from harness import check, wait

from .wire import converse, parse, request


def tokens_and_codes(attacks, scratch, server, client, other):
    """Who has no business here."""
    target = client.query()
    device, secret = client.token.split(".")
    for what, token in [("no token", None), ("an empty token", ""), ("a token without a dot", "x" * 63),
                        ("an unknown device", "0000000000." + secret), ("a wrong secret", device + "." + "0" * 52),
                        ("another device's secret", device + "." + other.token.split(".")[1]),
                        ("a secret that is cut", client.token[:-1]), ("a secret with something behind it", client.token + "0"),
                        ("a long token", device + "." + "0" * 8000)]:
        attacks.expect(what, 401, "unauthorized", request("POST", target, token))
    attacks.expect("another scheme", 401, "unauthorized", request("POST", target, None, b"", f"Authorization: Basic {client.token}"))
    attacks.expect("another workspace's token", 401, "unauthorized",
                   request("POST", target.replace(client.workspace, "elsewhere"), client.token))
    attacks.expect("a workspace that is none", 404, "not-found",
                   request("POST", target.replace(client.workspace, "nowhere"), client.token))
    revoked = protocol.Client("127.0.0.1", server.port)
    revoked.join(server.invite("mallory"))
    revoked.sync()
    following = server.connect()
    following.settimeout(20)
    following.sendall(request("GET", revoked.base + "/live", revoked.token))
    told = b""
    while b"\ndata: " not in told:
        told += following.recv(65536)
    scratch.run("admin", "revoke", server.workspace, "mallory", "--data", server.data)
    # The server looks at the file for what others appended twice a second.
    wait(lambda: parse(converse(server, request("POST", revoked.query(), revoked.token)))[:2] == (401, "revoked"), "the revocation", 5)
    attacks.expect("a revoked token", 401, "revoked", request("POST", revoked.query(), revoked.token))
    # Whoever follows live is told no further head.
    client.edit("ticket/", '"set":{"subject":"Moves the head"}')
    client.sync()
    told = b""
    while part := following.recv(65536):
        told += part
    following.close()
    check(f"data: {client.position} ".encode() not in told, f"a revoked device that follows live was told {told!r}")

    def join(what, status, error, code, replica=None, **more):
        body = {"code": code, "replica": replica or protocol.new_replica()} | more
        attacks.expect(what, status, error, request("POST", "/v1/join", None, json.dumps(body, separators=(",", ":")).encode()))

    used = server.invite("dora")
    protocol.Client("127.0.0.1", server.port).join(used)
    join("a used code", 401, "unauthorized", used)
    code = server.invite("dora")
    join("a code with a wrong character", 401, "unauthorized", code[:-1] + ("0" if code[-1] != "0" else "1"))
    join("a code that is cut", 401, "unauthorized", code[:-1])
    join("no code", 401, "unauthorized", "")
    join("a code of dashes", 401, "unauthorized", "-----")
    join("a code for somebody else", 403, "forbidden", code, agent="eve")
    join("a replica that is none", 400, "malformed", code, "short")
    join("another agent's replica", 403, "forbidden", code, client.replica)
    join("nobody's name", 400, "malformed", server.invite())
    join("a name that is too long", 400, "malformed", server.invite(), agent="x" * 101)
    for what, body in [("no JSON", b"hello"), ("an array", b"[]"), ("a number", b"5"), ("deep JSON", b"[" * 4000),
                       ("invalid UTF-8", b'{"code":"\xff"}')]:
        attacks.expect(f"a join of {what}", 400, "malformed", request("POST", "/v1/join", None, body))
    # An invitation counts by its last line: this one has expired.
    expired = server.invite("dora")
    invites = server.data / server.workspace / "invites.jsonl"
    record = next(item for item in map(json.loads, invites.read_text().splitlines()) if item["invite"] == expired.split("-")[0])
    with open(invites, "a") as file:
        file.write(protocol.checked_line(record | {"expires": 1}))
    join("an expired code", 401, "unauthorized", expired)
    # One code, twenty who want it at once.
    code, joined = server.invite("dora"), []

    def race():
        body = json.dumps({"code": code, "replica": protocol.new_replica()}, separators=(",", ":")).encode()
        joined.append(parse(converse(server, request("POST", "/v1/join", None, body)))[0])

    threads = [threading.Thread(target=race) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(sorted(joined) == [200] + [401] * 19, f"one code, twenty at once: {sorted(joined)}")
    attacks.say("tokens and codes (and one code won by one of twenty at once)")
