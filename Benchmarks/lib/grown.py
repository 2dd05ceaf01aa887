"""A server that holds a history of a given size, pushed by a hundred agents, and what it took to fill it."""
import json
import pickle
import queue
import random
import threading
import time
import zlib

import desk as desks
import harness
import history
import measure
import protocol


class GrownDesk(desks.Desk):
    """`server` runs; `theirs` is the history as its agents go on with it, `ours` as a new agent does."""

    def __init__(self, work, changes):
        super().__init__(work, f"history-{changes}")
        self.changes = changes

    def grow(self):
        """Fills the server, or starts a copy of the one that was filled before with the same history."""
        return self.prepare(f"{self.changes} changes, version {history.VERSION}", self.fill)

    def fill(self):
        begin = time.monotonic()
        random_ids = random.Random("history")
        self.devices = {}
        for number in range(min(history.AGENTS, max(2, self.changes // 100))):
            device = desks.Device("127.0.0.1", self.server.port, protocol.new_replica(random_ids))
            device.join(self.server.invite(f"agent-{number:02}"))
            device.close()
            self.devices[device.agent] = device
        known = history.History(self.changes, [(device.replica, device.agent) for device in self.devices.values()])
        self.push(known)
        known.trim()
        self.known = pickle.dumps(known)
        pushed = time.monotonic()
        self.settle(3600)
        self.filling = {"push": pushed - begin, "settle": max(0, time.monotonic() - pushed - self.quiet),
                        "cpu": measure.processor(self.server), "memory": self.server.memory()}

    def push(self, known):
        """Encodes in this thread what another one compresses and sends: both take about as long."""
        waiting, failures = queue.Queue(4), []
        devices = list(self.devices.values())

        def send():
            cursor, connection = ("0", "00000000"), None
            while (item := waiting.get()) is not None:
                if failures:
                    continue
                number, count, text = item
                device = devices[number]
                # One connection for all.
                device.connection = connection
                try:
                    device.own += count
                    path = (f"{device.base}/sync?after={cursor[0]}&sum={cursor[1]}&own={device.own}&limit=1")
                    deflater = zlib.compressobj(1, zlib.DEFLATED, 31)
                    status, fields, _ = device.request("POST", path, deflater.compress(text.encode()) + deflater.flush())
                    acknowledged = fields["AskOnce-Ack"].split(" ")
                    harness.check(len(acknowledged) == 4 and int(acknowledged[2]) == count, f"placed {acknowledged} of {count}")
                    cursor = fields["AskOnce-Head"].split(" ")
                except Exception as failure:
                    failures.append(failure)
                connection, device.connection = device.connection, None

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        done, said = 0, time.monotonic()
        for item in known.pushes():
            waiting.put(item)
            done += item[1]
            if time.monotonic() - said > 30:
                said = time.monotonic()
                print(f"  {self.name}: {done:,} changes, server {self.server.memory()[0]:.0f} MiB", flush=True)
            if failures:
                break
        waiting.put(None)
        sender.join()
        if failures:
            raise failures[0]

    def first(self):
        pass

    def kept(self):
        return self.devices, self.known, self.filling

    def take(self, kept):
        self.devices, known, self.filling = kept
        self.theirs, self.ours = pickle.loads(known), pickle.loads(known)
        self.author = self.devices["agent-00"]

    def disk(self):
        """Bytes of the server's log and of its runs."""
        return tuple(sum(path.stat().st_size for path in self.data(folder).glob("*")) for folder in ("log", "runs"))

    def push_shift(self, count):
        """Another agent pushes a shift."""
        self.author.look()
        text = self.theirs.shift(0, count, int(time.time() * 1000) - 30_000 * count)
        self.author.own += count
        status, fields, _ = self.author.request(
            "POST", self.author.query(limit=1), protocol.zlib_stream(text, desks.DICTIONARY))
        acknowledged = int(fields["AskOnce-Ack"].split(" ")[0])
        harness.check(acknowledged == self.author.own, f"acknowledged {acknowledged} of {self.author.own}")
        self.author.close()

    def enrol(self, store, is_double=False):
        """Makes a store's agent one of those who write `ours`; its shifts are the other's doubles, edit for edit, or meet them by
        chance on what is new."""
        settings = json.loads((store / "store.json").read_text())
        self.number = self.ours.enrol(settings["replica"], settings["agent"])
        if not is_double:
            self.ours.random = random.Random(settings["agent"])

    def offline(self, store, count):
        """Puts a shift's changes into a store as its own, as if it had been edited all day."""
        replica, name = self.ours.agents[self.number]
        head, rest = self.ours.shift(self.number, count, int(time.time() * 1000) - 30_000 * count).split("\n", 1)
        seen = json.loads((store / "sync.json").read_text())["head"]
        header = json.loads(head) | {"replica": replica, "by": name, "seen": seen}
        (_, changes), = protocol.parse_blocks(json.dumps(header) + "\n" + rest)
        files = sorted((store / "own").glob("*.jsonl"))
        # As the store itself does (Sizes.ownFile): a file of that size is not appended to any more.
        file = files[-1] if files and files[-1].stat().st_size < 256 << 10 else store / f"own/{changes[0].sequence:012}.jsonl"
        file.parent.mkdir(exist_ok=True)
        # What follows the lines is room for more.
        lines = file.read_bytes().rstrip(b" ") if file.exists() else b""
        file.write_bytes(lines + "".join(map(desks.checked_line, changes)).encode())
