"""Who is connected meanwhile: clients that are slow or silent, and a good one."""
import pathlib
import resource
import threading
import time

from harness import FULL, check, say, wait

from .wire import converse, parse, request

IDLE = 3500 if FULL else 2000


class Slow(threading.Thread):
    """A client who sends one byte a second, behind what it sends at once, until the server has enough of it."""

    def __init__(self, server, what, data, expected, at_once=b""):
        super().__init__(daemon=True)
        self.server, self.what, self.data, self.expected, self.at_once = server, what, data, expected, at_once
        self.result = self.seconds = None
        self.start()

    def run(self):
        begin = time.monotonic()
        with self.server.connect() as connection:
            connection.sendall(self.at_once)
            answer = b""
            connection.settimeout(1)
            for byte in self.data:
                try:
                    connection.send(bytes([byte]))
                    answer += connection.recv(65536)
                    break
                except TimeoutError:
                    continue
                except OSError as error:
                    answer = answer or str(error).encode()
                    break
            self.result, self.seconds = parse(answer), time.monotonic() - begin

    def finish(self):
        self.join(60)
        check(self.result and self.result[:2] == self.expected, f"{self.what}: {self.result}")
        return f"{self.what} after {self.seconds:.0f} s: {self.result[0]} {self.result[1]}"


class GoodAgent(threading.Thread):
    """Works and syncs through `askonce` as if nothing happened around it."""

    def __init__(self, scratch, server, store):
        super().__init__(daemon=True)
        self.scratch, self.server, self.store = scratch, server, store
        self.stopping, self.failure, self.longest, self.count = threading.Event(), None, 0, 0
        self.ticket = scratch.line("ticket", "new", "Served meanwhile", store=store)
        scratch.run("sync", store=store)
        self.start()

    def run(self):
        try:
            while not self.stopping.is_set():
                self.scratch.run("ticket", "note", self.ticket, f"note {self.count}", store=self.store)
                begin = time.monotonic()
                report = self.scratch.json("sync", "--no-retry", store=self.store)
                self.longest = max(self.longest, time.monotonic() - begin)
                check(report["sent"] == 1, f"the sync of a good agent sent {report['sent']}")
                self.count += 1
        except Exception as failure:
            self.failure = failure

    def finish(self):
        self.stopping.set()
        self.join(60)
        check(self.failure is None, f"a good agent was not served: {self.failure}")
        return f"a good agent synced {self.count} times meanwhile, the slowest took {self.longest:.2f} s"


def idle_connections(server):
    """Opens connections on which nothing comes."""
    before = server.memory()[0]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, IDLE + 500)), hard))
    connections = [server.connect() for _ in range(IDLE)]
    # Half of them have begun a request.
    for connection in connections[::2]:
        connection.sendall(b"GET /hea")
    wait(lambda: len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir())) > IDLE, f"{IDLE} connections")
    status = parse(converse(server, request("GET", "/healthz")))[0]
    check(status == 200, f"beside {IDLE} idle connections /healthz answers {status}")
    grown = server.memory()[0] - before
    say(f"{IDLE} idle connections: {grown:.1f} MB, {grown * 1024 / IDLE:.1f} KB each; others are served")
    check(grown < 40, f"{IDLE} idle connections took {grown:.0f} MB")
    return connections
