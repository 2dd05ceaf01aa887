"""Many agents at once, in one thread: what each sends is made before the clock starts, what comes back is counted and not kept.

An agent is a connection of its own. It sends its shift and takes what the answer brings; then, like any client, it asks on until it
has what the head of its last answer says. Of an answer only the last member is read, which tells how far it reached.
"""
import re
import resource
import select
import socket
import time
import zlib

import protocol

PIECE = 1 << 20
TAIL = 96 << 10  # bytes of an answer's end in which its last member lies


class Agent:
    """What one sends, and where it is."""

    def __init__(self, base, token, body, own, prefixes):
        self.base, self.token, self.body, self.own = base, token, body, own
        self.prefixes = prefixes  # of the lines of section 6 for its changes, up to the stamp
        self.socket = None

    def begin(self, position, sum):
        self.position, self.sum = position, sum
        self.head = self.placed = self.failure = None
        self.up = self.down = self.requests = 0
        self.took = None

    def request(self, body, limit):
        self.sending = (
            f"POST {self.base}/sync?after={self.position}&sum={self.sum:08x}&own={self.own}&limit={limit} HTTP/1.1\r\n"
            f"Host: desk\r\nAuthorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        self.pushes = bool(body)
        self.answer, self.expected, self.got, self.tail = b"", None, 0, b""

    def take(self, data):
        """Takes some bytes; says whether the answer is whole."""
        self.down += len(data)
        if self.expected is None:
            self.answer += data
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head, data = self.answer[:end].decode("latin-1"), self.answer[end + 4 :]
            self.status = int(head.split(" ", 2)[1])
            self.fields = {name.lower(): value.strip() for name, _, value in (
                line.partition(":") for line in head.split("\r\n")[1:])}
            self.expected = 0 if self.status == 204 else int(self.fields["content-length"])
        self.got += len(data)
        if self.expected - self.got < TAIL:
            self.tail = (self.tail + data)[-TAIL:]
        return self.got >= self.expected

    def finish(self, ends):
        """Moves to where the answer reached."""
        if self.status >= 300:
            raise protocol.Damaged(f"status {self.status}: {self.tail[:200]!r}")
        position, sum = self.fields["askonce-head"].split(" ")
        self.head = int(position), int(sum, 16)
        if self.pushes:
            self.placed = [int(number) for number in self.fields["askonce-ack"].split(" ")]
            if len(self.placed) != 4 or self.placed[0] != self.own or self.placed[2] != len(self.prefixes):
                raise protocol.Damaged(f"acknowledged {self.placed} of {self.own}")
        if self.expected:
            self.position, self.sum = ends(self.tail)
        if self.placed and self.position + 1 == self.placed[1]:
            # What was just placed comes in no answer.
            stamp = protocol.change.time_text((self.placed[3], 0)).encode() + b"\n"
            self.sum = zlib.crc32(b"".join(prefix + stamp for prefix in self.prefixes), self.sum)
            self.position += len(self.prefixes)

    @property
    def is_done(self):
        return (self.position, self.sum) == self.head


def last_end():
    """A function from the end of an answer to the position and the sum behind it; what was read once is remembered."""
    known = {}

    def find(tail):
        key = tail[-48:]
        if key not in known:
            known[key] = read_end(tail)
        return known[key]

    return find


def read_end(tail):
    index = len(tail)
    while (index := tail.rfind(b"\x1f\x8b\x08", 0, index)) >= 0:
        inflater = zlib.decompressobj(31)
        try:
            text = inflater.decompress(tail[index:])
        except zlib.error:
            continue
        if inflater.eof and not inflater.unused_data:
            header = protocol.parse_blocks(text.decode())[-1][0]
            return header["first"] + len(header["times"]) - 1, int(header["sum"], 16)
    raise protocol.Damaged(f"no member at the end of {len(tail)} bytes of an answer")


class Rush:
    """Agents and what they took."""

    def __init__(self, port, agents):
        self.port, self.agents = port, agents
        self.ends = last_end()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < len(agents) + 100:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def exchange(self, limit, whole=False, pushing=True, seconds=900):
        """Lets all agents connect and sync at once; gives the seconds until the last one is done.

        `whole`: each asks on until it has everything, else each has one answer.
        """
        poller, calls = select.epoll(), {}
        buffer = memoryview(bytearray(PIECE))
        for agent in self.agents:
            agent.took = None
            if agent.failure is None:
                agent.request(agent.body if pushing else b"", limit)
        begin = time.perf_counter()
        for agent in self.agents:
            if agent.failure is not None:
                continue
            agent.socket = socket.socket()
            agent.socket.setblocking(False)
            agent.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            agent.socket.connect_ex(("127.0.0.1", self.port))
            calls[agent.socket.fileno()] = agent
            poller.register(agent.socket, select.EPOLLOUT)
        while calls and time.perf_counter() - begin < seconds:
            for descriptor, event in poller.poll(1):
                agent = calls[descriptor]
                try:
                    more = self.step(agent, poller, descriptor, event, buffer, limit, whole)
                except (OSError, protocol.Damaged, KeyError, ValueError) as failure:
                    agent.failure, more = failure, False
                if not more:
                    agent.took = time.perf_counter() - begin
                    poller.unregister(descriptor)
                    del calls[descriptor]
                    agent.socket.close()
        took = time.perf_counter() - begin
        for agent in calls.values():
            agent.failure = TimeoutError(f"no answer in {seconds} s")
            agent.socket.close()
        poller.close()
        return took

    def step(self, agent, poller, descriptor, event, buffer, limit, whole):
        """Sends or receives what is possible; says whether the agent waits for more."""
        if agent.sending and event & (select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR):
            sent = agent.socket.send(agent.sending)
            agent.up += sent
            agent.sending = agent.sending[sent:]
            if not agent.sending:
                agent.requests += 1
                poller.modify(descriptor, select.EPOLLIN)
            return True
        count = agent.socket.recv_into(buffer)
        if count == 0:
            raise ConnectionResetError("closed before the answer was whole")
        if not agent.take(bytes(buffer[:count]) if agent.expected is None or agent.expected - agent.got - count < TAIL
                          else buffer[:count]):
            return True
        agent.finish(self.ends)
        if not whole or agent.is_done:
            return False
        agent.request(b"", limit)
        poller.modify(descriptor, select.EPOLLOUT)
        return True

    def failures(self):
        return [f"{re.sub('[^ -~]', '?', str(agent.failure))}" for agent in self.agents if agent.failure is not None]
