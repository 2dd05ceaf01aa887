"""Raw requests: what is on the wire is what stands here."""
import errno
import json
import re
import socket

from harness import check, say


def converse(server, data, closes=True, timeout=40):
    """Sends bytes and returns all that comes back until the server closes."""
    with server.connect() as connection:
        connection.settimeout(timeout)
        try:
            connection.sendall(data)
            if closes:
                connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            # Refused, and closed before all of it was sent or this side was done; the answer is there.
            if error.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
                raise
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def parse(answer):
    """The status and the JSON code of the first answer, and how many answers there are."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1]) if head else 0
    try:
        code = json.JSONDecoder().raw_decode(rest.decode(errors="replace"))[0]["error"]
    except (ValueError, KeyError, TypeError):
        code = None
    return status, code, len(re.findall(rb"HTTP/1\.1 \d{3} ", answer))


def request(method, target, token=None, body=b"", *fields, host="Host: desk.example"):
    lines = [f"{method} {target} HTTP/1.1", host, "Connection: close", *fields]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body and not any(field.lower().startswith(("content-length", "transfer-encoding")) for field in fields):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Attacks:
    """Counts what was tried and checks each answer."""

    def __init__(self, server):
        self.server, self.count = server, 0

    def expect(self, what, status, code, data, closes=True):
        answer = converse(self.server, data, closes)
        got = parse(answer)
        check(got == (status, code, 1), f"{what}: expected {status} {code}, got {got}: {answer[:300]!r}")
        self.count += 1

    def say(self, what):
        check(self.server.is_running, f"the server died of {what}")
        now, peak = self.server.memory()
        say(f"{what}: {self.count} requests refused clearly; server memory {now:.0f} MB, peak {peak:.0f} MB")
        self.count = 0
