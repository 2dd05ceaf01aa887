"""Requests whose form, path or method is not one that a client sends."""
import protocol
from harness import check

from .wire import converse, parse, request


def http_shapes(attacks, client):
    """What could make a proxy and the server see different requests, and what is no HTTP. None may be answered twice."""
    second = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    start = f"POST {client.query()} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {client.token}\r\n".encode()
    for what, status, code, data in [
        ("both lengths", 400, "content-length-with-transfer-encoding", start + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("both lengths, the other way round", 400, "content-length-with-transfer-encoding", start + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
        ("two lengths", 400, "content-length-repeated", start + b"Content-Length: 0\r\nContent-Length: 35\r\n\r\n"),
        ("the same length twice", 400, "content-length-repeated", start + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        ("a list of lengths", 400, "malformed-content-length", start + b"Content-Length: 0, 35\r\n\r\n"),
        ("a length with a sign", 400, "malformed-content-length", start + b"Content-Length: +5\r\n\r\nhello"),
        ("a negative length", 400, "malformed-content-length", start + b"Content-Length: -1\r\n\r\n"),
        ("a hexadecimal length", 400, "malformed-content-length", start + b"Content-Length: 0x5\r\n\r\nhello"),
        ("a length that overflows", 400, "malformed-content-length", start + b"Content-Length: 18446744073709551616\r\n\r\n"),
        ("an unknown coding", 501, "unknown-transfer-coding", start + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("a coding behind chunked", 501, "unknown-transfer-coding", start + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("a coding with a vertical tab", 400, "control-byte", start + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
        ("a space before the colon", 400, "space-before-colon", start + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("a folded field", 400, "folded-field", start + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n"),
        ("a line that ends with LF alone", 400, "bare-line-feed", start + b"X: a\nTransfer-Encoding: chunked\r\n\r\n"),
        ("a NUL in a field", 400, "control-byte", start + b"X: a\0b\r\n\r\n"),
        ("a CR in a field", 400, "control-byte", start + b"X: a\rb\r\n\r\n"),
        ("a field without a name", 400, "malformed-field", start + b": x\r\n\r\n"),
        ("a field without a colon", 400, "malformed-field", start + b"hello\r\n\r\n"),
        ("chunked in HTTP/1.0", 400, "transfer-encoding-in-http-1.0", start.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a chunk of no number", 400, "malformed-chunk-size", start + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        ("a chunk that overflows", 400, "malformed-chunk-size", start + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"),
        ("a chunk that is longer than it says", 400, "malformed-chunk-end", start + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"),
        ("chunk extensions without end", 400, "chunk-extensions-too-long", start + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 9000),
        ("trailers without end", 431, "trailers-too-large", start + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 9000),
        ("two hosts", 400, "host-repeated", b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("no host", 400, "host-missing", b"GET /healthz HTTP/1.1\r\n\r\n"),
        ("a host that is none", 400, "malformed-host", b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("an absolute target", 400, "target-form", b"GET http://evil/healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a target of another kind", 400, "target-form", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two spaces", 400, "target-form", b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no version", 400, "malformed-request-line", b"GET /healthz\r\nHost: a\r\n\r\n"),
        ("HTTP/2 without asking", 505, "unsupported-version", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a greeting of TLS", 400, "malformed-method", bytes.fromhex("16030100a5010000a10303") + b"\0" * 100),
        ("an unknown expectation", 417, "unknown-expectation", start + b"Expect: tea\r\nContent-Length: 0\r\n\r\n"),
        ("a field of 64 KB", 431, "head-too-large", start + b"X: " + b"x" * 65536 + b"\r\n\r\n"),
        ("101 fields", 431, "too-many-fields", start + b"".join(b"X%d: x\r\n" % number for number in range(101)) + b"\r\n"),
        ("a request line of 64 KB", 414, "request-line-too-long", b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]:
        attacks.expect(what, status, code, data + second)
    body = protocol.gzip_member(b"POST /v1/join HTTP/1.1\r\nHost: a\r\n\r\n")
    attacks.expect("a request within a body", 400, "malformed", request("POST", client.query(), client.token, body))
    attacks.say("request smuggling shapes and huge heads")


def path_tricks(attacks, client):
    base, token = client.base, client.token
    for target, status, code in [
        ("/v1/workspaces/../../etc/passwd", 400, "target-dot-segment"), (base + "/runs/../devices.jsonl", 400, "target-dot-segment"),
        (base + "/runs/%2e%2e/devices.jsonl", 400, "target-dot-segment"), (base + "/runs/..", 400, "target-dot-segment"),
        (base + "/runs/..%2fdevices.jsonl", 400, "target-dot-segment"), (base + "/runs/%252e%252e%252fdevices.jsonl", 404, "not-found"),
        (base + "/runs/1-1%00.jsonl", 400, "target-control-byte"), (base + "/runs/%ff", 400, "target-not-utf8"),
        (base + "/runs/%zz", 400, "target-escape"), (base + "/runs/1-99999999", 404, "not-found"), (base + "/runs/x", 404, "not-found"),
        (base + "/runs/-1-5", 404, "not-found"), (base + "/runs/1-5.index", 404, "not-found"), (base + "/devices.jsonl", 404, "not-found"),
        (base + "/runs/", 404, "not-found"), (base + "//runs", 404, "not-found"), (base, 404, "not-found"), ("/", 404, "not-found"),
        ("/v1/workspaces/" + "a" * 4000 + "/runs", 404, "not-found"), ("/v1/workspaces//runs", 404, "not-found"),
        ("/v1/workspaces/.lock/runs", 404, "not-found"), ("/v1/workspaces/%2e%2e%2fdesk/runs", 400, "target-dot-segment"),
        ("/v2" + base[3:] + "/runs", 404, "not-found"), ("/runs\\..\\x", 400, "target-character"),
    ]:
        attacks.expect(f"GET {target[:60]}", status, code, request("GET", target, token))
    for method in ("DELETE", "PUT", "PATCH", "TRACE", "CONNECT", "BREW"):
        attacks.expect(f"{method} on runs", 404, "not-found", request(method, base + "/runs", token))
    for field in ("bytes=999999999-", "bytes=5-2", "bytes=-5", "bytes=0-1,5-6", "lines=1-2", "bytes=x-y"):
        answer = parse(converse(attacks.server, request("GET", base + "/runs/1-8192", token, b"", f"Range: {field}")))
        check(answer[0] in (200, 206, 404, 416), f"range {field}: {answer}")
    attacks.say("paths, methods and ranges")
