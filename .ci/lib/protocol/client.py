"""Section 8: HTTP, and a replica that speaks it."""
import http.client
import json
import time

from .blocks import block_text, follows, gzip_member, gzip_members, next_sum, parse_blocks
from .change import Change, Damaged, new_replica, split_id
from .runs import parse_run
from .states import digest


class Refused(Exception):
    def __init__(self, status, body):
        self.status, self.body = status, body
        try:
            self.code = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError):
            self.code = None
        super().__init__(f"{status} {self.code}: {body[:200]!r}")


class Client:
    """A replica that keeps what it knows in memory. Pulls, pushes, checks everything it is told."""

    def __init__(self, host, port, replica=None, timeout=60):
        self.host, self.port, self.timeout = host, port, timeout
        self.replica = replica or new_replica()
        self.position, self.sum = 0, 0
        self.changes, self.own, self.unsent = [], 0, []
        self.clock = (0, 0)
        self.token = self.workspace = self.agent = self.role = None
        self.connection = None

    def request(self, method, path, body=b"", fields=()):
        headers = dict(fields)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.will_close:
            self.close()
        if answer.status >= 300:
            raise Refused(answer.status, data)
        return answer.status, answer.headers, data

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    @property
    def base(self):
        return f"/v1/workspaces/{self.workspace}"

    def join(self, code, agent=None):
        body = {"code": code, "replica": self.replica}
        if agent is not None:
            body["agent"] = agent
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        answer = json.loads(self.request("POST", "/v1/join", text.encode())[2])
        self.workspace, self.agent = answer["workspace"], answer["agent"]
        self.role, self.token = answer["role"], answer["token"]

    def edit(self, on, body, at=None, by=None):
        """Makes a change of its own; `on` that ends in a slash creates an entity."""
        self.own += 1
        if on.endswith("/"):
            on += f"{self.replica}.{self.own}"
        wall = int(time.time() * 1000)
        self.clock = (wall, 0) if wall > self.clock[0] else (self.clock[0], self.clock[1] + 1)
        change = Change(self.replica, self.own, at or self.clock, self.position, by or self.agent, on, body)
        self.unsent.append(change)
        return change

    def query(self, **more):
        items = {"after": self.position, "sum": f"{self.sum:08x}", "own": self.own, **more}
        return f"{self.base}/sync?" + "&".join(f"{name}={value}" for name, value in items.items())

    def push_text(self, changes=None):
        """The texts of the blocks that hold the unsent changes."""
        text, group = "", []
        for change in self.unsent if changes is None else changes:
            if group and (len(group) == 10_000 or not follows(group[-1], change)):
                text += block_text(group, (self.replica, self.agent, self.position))
                group = []
            group.append(change)
        return text + (block_text(group, (self.replica, self.agent, self.position)) if group else "")

    def sync(self, encode=gzip_member):
        """Pushes and pulls until neither side has anything new."""
        while True:
            pushed = list(self.unsent)
            body = encode(self.push_text()) if pushed else b""
            _, fields, data = self.request("POST", self.query(), body)
            head_position, head_sum = fields["AskOnce-Head"].split(" ")
            placed = []
            if pushed:
                numbers = [int(number) for number in fields["AskOnce-Ack"].split(" ")]
                if numbers[0] < self.own:
                    raise Damaged(f"acknowledged {numbers[0]} of {self.own}")
                if len(numbers) == 4:
                    if numbers[2] != len(pushed):
                        raise Damaged(f"placed {numbers[2]} changes of {len(pushed)}")
                    for offset, change in enumerate(pushed):
                        change.position, change.stamp = numbers[1] + offset, numbers[3]
                    placed = pushed
                self.unsent = []
            self.take_members(data, placed)
            if self.position == int(head_position):
                if self.sum != int(head_sum, 16):
                    raise Damaged("the sum at the head differs")
                return

    def take_members(self, data, placed=()):
        for text, _ in gzip_members(data):
            for header, changes in parse_blocks(text):
                if changes[-1].position <= self.position:
                    continue  # a member may begin with blocks that are known
                placed = self.take_placed(placed)
                self.take(changes)
                if self.sum != int(header["sum"], 16):
                    raise Damaged(f"the sum differs at position {self.position}")
        self.take_placed(placed)

    def take_placed(self, placed):
        if placed and placed[0].position == self.position + 1:
            self.take(placed)
            return ()
        return placed

    def take(self, changes):
        if changes[0].position != self.position + 1:
            raise Damaged(f"position {changes[0].position} behind {self.position}")
        self.sum = next_sum(self.sum, changes)
        self.position = changes[-1].position
        self.changes += changes

    def first_sync(self, piece=1 << 16):
        """Fetches the runs in ranges, checks them, and goes on with the log."""
        runs = json.loads(self.request("GET", self.base + "/runs")[2])["runs"]
        for run in runs:
            data = b""
            while len(data) < run["bytes"]:
                last = min(len(data) + piece, run["bytes"]) - 1
                status, fields, part = self.request(
                    "GET", f"{self.base}/runs/{run['name']}", fields=[("Range", f"bytes={len(data)}-{last}")])
                if status != 206 or fields["Content-Range"] != f"bytes {len(data)}-{last}/{run['bytes']}":
                    raise Damaged(f"a range was answered with {status} {fields['Content-Range']}")
                data += part
            self.take_run(run["name"], data)
        self.sync()
        return len(runs)

    def take_run(self, name, data):
        head, changes = parse_run(data)
        order = [(change.on.split("/")[0], split_id(change.on.split("/")[1]), change.position) for change in changes]
        if order != sorted(order):
            raise Damaged(f"run {name} is not sorted")
        changes.sort(key=lambda change: change.position)
        if name != f"{head['first']}-{head['last']}" or changes[-1].position != head["last"]:
            raise Damaged(f"run {name} holds {head}")
        self.take(changes)
        if self.sum != int(head["sum"], 16) or len(changes) != head["last"] - head["first"] + 1:
            raise Damaged(f"the sum of run {name} differs")

    def digest(self):
        return digest(self.changes + self.unsent)
