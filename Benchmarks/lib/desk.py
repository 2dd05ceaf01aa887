"""A server filled with a workload, and agents of it.

The server and its agents' commands are processes. What fills the server are pushes by the client of
`.ci/lib/protocol`: the importer's base, then each round's edits by each agent, as replicas of their own.
"""
import hashlib
import itertools
import json
import pathlib
import pickle
import random
import shutil
import signal
import sys
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / ".ci/lib"))

import harness
import measure
import protocol
import workload

PUSHED = 4000  # changes a push of the importer


class Work(harness.Scratch):
    """A folder that stays when the script leaves; its processes do not."""

    def __init__(self, askonce, path):
        super().__init__(askonce)
        shutil.rmtree(self.path)
        self.path = pathlib.Path(path).resolve()
        (self.path / "home").mkdir(parents=True, exist_ok=True)
        self.variables["HOME"] = str(self.path / "home")
        # A benchmark that is ended leaves through the same door, so that its processes go.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                process.wait()


class Device(protocol.Client):
    """A device that pushes changes made elsewhere and keeps nothing but the cursor."""

    def request(self, *arguments, **more):
        idle = self.connection is not None
        try:
            return super().request(*arguments, **more)
        except ConnectionError:
            # The server closes a connection that was idle for long, as this one may have been while others were used.
            if not idle:
                raise
            self.close()
            return super().request(*arguments, **more)

    def push(self, changes):
        self.own = max(self.own, changes[-1].sequence)
        text, group = "", []
        for change in changes:
            if group and (len(group) == 10_000 or not protocol.follows(group[-1], change)):
                text += protocol.block_text(group, (self.replica, self.agent, self.position))
                group = []
            group.append(change)
        text += protocol.block_text(group, (self.replica, self.agent, self.position))
        body = protocol.gzip_member(text) if len(text) > 256 << 10 else protocol.zlib_stream(text, DICTIONARY)
        # The smallest limit: what the answer would bring besides is not wanted here.
        _, fields, _ = self.request("POST", self.query(limit=1), body)
        acknowledged = int(fields["AskOnce-Ack"].split(" ")[0])
        harness.check(acknowledged == self.own, f"acknowledged {acknowledged} of {self.own}")
        self.head = fields["AskOnce-Head"]
        return self.head

    def look(self):
        """Takes the head for its cursor, as one who had synced."""
        _, fields, _ = self.request("POST", f"{self.base}/sync?after=0&sum=00000000&own={self.own}&limit=1")
        self.head = fields["AskOnce-Head"]
        position, sum = self.head.split(" ")
        self.position, self.sum = int(position), int(sum, 16)


DICTIONARY = (ROOT / "Fixtures/protocol/dictionary-1.txt").read_bytes()


def checked_line(change):
    """A line of a file of own changes, Protocol.md section 2."""
    line = change.line()
    return f'{line[:-1]},"crc":"{zlib.crc32(line[:-1].encode()):08x}"}}\n'


class Desk:
    """A filled server with one agent's full store."""

    quiet = 2  # seconds without work after which maintenance counts as done

    def __init__(self, work, name="desk"):
        self.work, self.name = work, name
        self.full = work.path / f"{name}-agent"
        self.note = work.path / f"{name}.json"

    def device(self, name):
        # The same replica ids each time, so that the same workload gives the same digests.
        device = Device("127.0.0.1", self.server.port, protocol.new_replica(random.Random(name)))
        device.join(self.server.invite(name))
        return device

    def open(self, folder, rounds):
        """Fills a server with a workload's base and its first rounds, or starts the one that was filled before."""
        key = hashlib.sha256(f"{folder} {rounds}".encode())
        for file in ("base.jsonl", "edits.jsonl"):
            key.update(str((pathlib.Path(folder) / file).stat().st_size).encode())
        return self.prepare(key.hexdigest(), lambda: self.fill(pathlib.Path(folder), rounds))

    def prepare(self, key, fill):
        """Starts a copy of the server that was filled under a key before; fills one where there is none."""
        state, filled = self.work.path / f"{self.name}.state", self.work.path / f"{self.name}-filled"
        if not (self.note.exists() and json.loads(self.note.read_text())["key"] == key):
            for path in (self.work.path / self.name, filled, self.full):
                shutil.rmtree(path, ignore_errors=True)
            self.server = self.work.server(name=self.name)
            self.server.start()
            fill()
            self.memory = self.server.memory()
            self.settle()
            self.first()
            for device in self.devices.values():
                device.close()
            self.server.stop()
            (self.work.path / self.name).rename(filled)
            state.write_bytes(pickle.dumps(self.kept()))
            self.note.write_text(json.dumps({"key": key, "port": self.server.port, "build": self.build()}))
        # What is measured changes a copy.
        shutil.rmtree(self.work.path / self.name, ignore_errors=True)
        shutil.copytree(filled, self.work.path / self.name)
        self.server = harness.Server.__new__(harness.Server)
        self.server.scratch, self.server.workspace = self.work, "desk"
        self.server.data, self.server.log = self.work.path / self.name, self.work.path / f"{self.name}.log"
        self.server.port = json.loads(self.note.read_text())["port"]
        self.server.start()
        self.take(pickle.loads(state.read_bytes()))
        for device in self.devices.values():
            device.connection = None
        # How a store lies on the disk is the work of the build that made it.
        note = json.loads(self.note.read_text())
        if note.get("build") != self.build():
            shutil.rmtree(self.full, ignore_errors=True)
            self.first()
            self.note.write_text(json.dumps(note | {"build": self.build()}))
        return self

    def build(self):
        """The program that is measured, as a digest."""
        return hashlib.sha256(pathlib.Path(self.work.askonce).read_bytes()).hexdigest()

    def first(self):
        """Makes the full store, by its first sync."""
        self.work.run("join", self.server.address, "--code", self.server.invite("full"), store=self.full)
        self.work.run("sync", store=self.full)

    def kept(self):
        """What is known of the filled server."""
        return self.converter, self.devices, self.changes, self.memory

    def take(self, kept):
        self.converter, self.devices, self.changes, self.memory = kept

    def fill(self, folder, rounds):
        converter = self.converter = workload.Converter()
        importer = self.device(workload.IMPORTER)
        self.changes = 0
        converter.begin(importer.replica, 0)
        changes = (converter.change(edit) for edit in workload.read(folder / "base.jsonl"))
        while batch := list(itertools.islice(changes, PUSHED)):
            batch = [change for change in batch if change]
            importer.push(batch)
            self.changes += len(batch)
            converter.end()
            converter.work = []
        importer.close()
        converter.publish()
        self.devices = {}
        edits = itertools.groupby(workload.read(folder / "edits.jsonl"), key=lambda edit: (edit["round"], edit["replica"]))
        for number, group in itertools.groupby(edits, key=lambda item: item[0][0]):
            if number >= rounds:
                break
            importer.look()
            for (_, name), theirs in group:
                device = self.devices.get(name) or self.device(name)
                self.devices[name] = device
                device.position, device.sum = importer.position, importer.sum
                self.changes += len(self.push_round(device, theirs))
            converter.publish()

    def push_round(self, device, edits):
        self.converter.begin(device.replica, device.position, device.own + 1)
        changes = [change for edit in edits if (change := self.converter.change(edit))]
        self.converter.end()
        device.push(changes)
        return changes

    def finish(self, edits):
        """Pushes a later round by devices that had seen all before it."""
        probe = self.device("probe")
        probe.look()
        for name, theirs in itertools.groupby(edits, key=lambda edit: edit["replica"]):
            # A name of its own: the devices of earlier rounds stay as the saved state knows them.
            device = self.device(f"{name}-{probe.position}")
            device.position, device.sum = probe.position, probe.sum
            self.push_round(device, theirs)
            device.close()
        self.settle()

    def server_head(self):
        """How many changes the server holds."""
        probe = self.device("head")
        probe.look()
        probe.close()
        return probe.position

    def run_end(self):
        """The last position of the server's runs, and the sum there."""
        runs = sorted(self.data("runs").glob("*.jsonl.gz"), key=lambda path: int(path.name.split("-")[0]))
        if not runs:
            return 0, "00000000"
        text, _ = next(protocol.gzip_members(runs[-1].read_bytes()[:4096]))
        head = json.loads(text)
        return head["last"], head["sum"]

    def cursor(self, store):
        """What a store that has nothing unsent would tell the server it has."""
        blocks = [header for path in sorted((store / "log").glob("*.jsonl.gz"))
                  for text, _ in protocol.gzip_members(path.read_bytes()) for header, _ in protocol.parse_blocks(text)]
        if blocks:
            return blocks[-1]["first"] + len(blocks[-1]["times"]) - 1, int(blocks[-1]["sum"], 16)
        runs = sorted((store / "runs").glob("*.jsonl.gz"), key=lambda path: int(path.name.split("-")[0]))
        head = json.loads(next(protocol.gzip_members(runs[-1].read_bytes()[:4096]))[0])
        return head["last"], int(head["sum"], 16)

    def settle(self, seconds=600):
        """Waits until the server's maintenance has nothing to do."""
        # Looks are counted, not seconds, so that a pause of the whole machine does not count as quiet; and while a run is sorted
        # the server works and no file changes.
        last, worked, same, looks = None, 0, 0, 0
        while same < self.quiet * 10:
            files = sorted((path.name, path.stat().st_size) for folder in ("log", "runs")
                           for path in self.data(folder).glob("*") if path.exists())
            works = measure.processor(self.server)
            same = same + 1 if files == last and works - worked < 0.005 else 0
            last, worked, looks = files, works, looks + 1
            harness.check(looks < seconds * 10, f"maintenance took more than {seconds} s")
            time.sleep(0.1)

    def data(self, folder):
        return self.server.data / "desk" / folder

    def copy(self, name):
        """A copy of the full store. It must not send edits: the next copy would send others under the same ids."""
        path = self.work.path / f"{self.name}-{name}"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.full, path)
        return path

    def agent(self, name):
        """A store of an agent who has just joined and holds nothing."""
        path = self.work.path / f"{self.name}-{name}"
        shutil.rmtree(path, ignore_errors=True)
        self.work.run("join", self.server.address, "--code", self.server.invite(name), "--no-sync", store=path)
        return path
