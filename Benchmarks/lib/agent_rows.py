"""What an agent's device pays: bytes, times and memory of the CLI as processes, and of the library inside of one."""
import json
import os
import pathlib
import shutil
import subprocess

import desk as desks
import harness
import measure
import protocol
import wire
import workload

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent


class AgentRows:
    def __init__(self, work, desk, folder, runs):
        self.work, self.desk, self.folder, self.runs = work, desk, folder, runs
        self.launcher = measure.Launcher(work)
        self.proxy = wire.Counter(desk.server.port)
        edits = list(workload.read(folder / "edits.jsonl"))
        last = max(edit["round"] for edit in edits)
        self.last_round = [edit for edit in edits if edit["round"] == last]

    def run(self, *arguments, into=None):
        return self.launcher.run(self.work.askonce, *arguments, into=into)

    def join(self, name):
        """A full store whose server is the counting proxy."""
        path = self.work.path / f"rows-{name}"
        shutil.rmtree(path, ignore_errors=True)
        self.work.run("join", f"http://127.0.0.1:{self.proxy.port}", "--code", self.desk.server.invite(name), store=path)
        return path

    def offline(self, store, edits):
        """Puts a shift's changes into a store as its own, as if it had been edited all day."""
        settings = json.loads((store / "store.json").read_text())
        note = json.loads((store / "sync.json").read_text())
        converter = self.desk.converter
        heads, adds = dict(converter.heads), dict(converter.adds)
        entities = dict(converter.entities)
        converter.begin(settings["replica"], note["head"])
        changes = [change for edit in edits if (change := converter.change(edit))]
        for change in changes:
            # Whoever works is the device's agent.
            change.by = settings["agent"]
        converter.heads, converter.adds, converter.entities = heads, adds, entities
        (store / "own").mkdir(exist_ok=True)
        (store / "own/000000000001.jsonl").write_text("".join(map(desks.checked_line, changes)), encoding="utf-8")
        return changes

    def sync(self, store, into=None):
        self.proxy.reset()
        report = json.loads(self.run("sync", "--json", "--store", store, into=into))
        return report, self.proxy.bytes

    def names(self):
        return sorted({edit["replica"] for edit in self.last_round})

    def wire_rows(self, rows):
        """A shift, single edits and nothing, counted on the socket."""
        names = self.names()
        shift, one, idle = [], [], []
        for number in range(self.runs):
            # The workload's own example of a shift, as other stores were measured with it.
            name = names[7 % len(names)]
            store = self.join(f"shift-{number}")
            changes = self.offline(store, [edit for edit in self.last_round if edit["replica"] == name])
            report, bytes = self.sync(store)
            harness.check(report["sent"] == len(changes), f"sent {report['sent']} of {len(changes)}")
            shift.append((report["bytesSent"] / len(changes), bytes / len(changes), report["roundTrips"]))
            # Single messages, as an agent writes them.
            texts = [edit for edit in self.last_round if edit["replica"] == name and edit["op"] == "msg"]
            texts = texts[number * 3 : number * 3 + 3]
            for edit in texts:
                on = self.desk.converter.entities.get(edit["doc"])
                if on is None:
                    continue
                self.run("ticket", "reply", on, edit["value"]["text"], "--channel", edit["value"]["channel"], "--store", store)
                report, bytes = self.sync(store)
                harness.check(report["sent"] == 1, f"{report}")
                one.append((report["bytesSent"] + report["bytesReceived"], bytes, report["roundTrips"], self.proxy.trips))
            report, bytes = self.sync(store)
            idle.append((bytes, report["roundTrips"]))
            shutil.rmtree(store)
        median = measure.median
        rows.add("shift of 200 edits, payload, bytes a change", median([each[0] for each in shift]), 60,
                 note=f"{median([each[1] for each in shift]):.1f} with HTTP")
        rows.add("sync of 1 edit, socket, bytes", median([each[1] for each in one]), 800,
                 note=f"{max(each[2] for each in one)} round trip, {max(each[3] for each in one)} on the socket")
        rows.add("sync of 1 edit, payload, bytes", median([each[0] for each in one]), 190)
        rows.add("nothing to sync, socket, bytes", median([each[0] for each in idle]), 550,
                 note=f"{max(each[1] for each in idle)} round trip")

    def first_sync_rows(self, rows):
        """A first sync, in turns with curl of the same bytes and an fsync."""
        ours, curls, sizes = measure.Sample(), measure.Sample(), []
        digests = set()
        for number in range(self.runs):
            store = self.work.path / "rows-first"
            shutil.rmtree(store, ignore_errors=True)
            self.work.run("join", f"http://127.0.0.1:{self.proxy.port}", "--code", self.desk.server.invite(f"first-{number}"),
                          "--no-sync", store=store)
            _, bytes = self.sync(store)
            sizes.append(bytes)
            digests.add(self.work.line("digest", store=store))
            shutil.rmtree(store)
            # The time without the proxy between.
            path = self.desk.agent(f"timed-{number}")
            self.run("sync", "--store", path, into=ours)
            token = json.loads((path / "store.json").read_text())["token"]
            self.launcher.run("/bin/sh", "-c", self.curl(token), into=curls)
            shutil.rmtree(path)
        count = self.desk.server_head()
        rows.add("first sync with history, bytes a change", measure.median(sizes) / count, 62, hash=",".join(sorted(digests)))
        rows.add("first sync, times curl and fsync", ours.time / curls.time, 2,
                 note=f"{ours.time:.2f} s and {curls.time:.2f} s; CPU {measure.median(ours.cpu):.2f} s; peak {ours.peak:.0f} MiB")

    def curl(self, token):
        """A shell command that fetches what a first sync fetches, and syncs the files."""
        server, folder = self.desk.server, self.work.path / "curl"
        folder.mkdir(exist_ok=True)
        base = f"{server.address}/v1/workspaces/{server.workspace}"
        runs = sorted((path.name.removesuffix(".jsonl.gz") for path in self.desk.data("runs").glob("*.jsonl.gz")),
                      key=lambda name: int(name.split("-")[0]))
        transfers = " ".join(f"-o {folder}/{name} {base}/runs/{name}" for name in runs)
        position, sum = self.desk.run_end()
        log = (f"curl -sf -H 'Authorization: Bearer {token}' -X POST -d '' -o {folder}/log "
               f"'{base}/sync?after={position}&sum={sum}&own=0&limit=16777216'")
        fetch = f"curl -sf -H 'Authorization: Bearer {token}' {transfers} && " if runs else ""
        return f"{fetch}{log} && sync {folder}/*"

    def disk_row(self, rows):
        store = self.desk.copy("agent-compact")
        self.work.run("ticket", "list", store=store)
        self.work.run("customer", "find", "anna", store=store, codes=(0, 3))
        before = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
        self.work.run("compact", store=store)
        self.work.run("ticket", "list", store=store)
        files = {}
        for path in store.rglob("*"):
            if path.is_file():
                kind = path.suffix.lstrip(".") if path.parent.name == "runs" else path.parent.name
                files[kind] = files.get(kind, 0) + path.stat().st_size
        count = self.desk.changes
        parts = ", ".join(f"{kind} {size / count:.2f}" for kind, size in sorted(files.items()) if size > count / 100)
        rows.add("store on disk after compact, bytes a change", sum(files.values()) / count, 63,
                 note=f"{parts}; before compact {before / count:.1f}", hash=self.work.line("digest", store=store))
        shutil.rmtree(store)

    def process_rows(self, rows, desk, label, limits):
        """Processes that show a ticket and list the open ones, in turns with one that does nothing but start."""
        empty, show, listing = measure.Sample(), measure.Sample(), measure.Sample()
        store = desk.full
        tickets = [id for name, id in desk.converter.entities.items() if name.startswith("T")]
        nothing = BENCHMARKS / ".build/release/empty"
        self.run("ticket", "list", "--store", store)
        for number in range(max(self.runs, 5) * 3):
            self.launcher.run(nothing, into=empty)
            self.run("ticket", "show", tickets[number * 7919 % len(tickets)], "--store", store, into=show)
            self.run("ticket", "list", "--store", store, into=listing)

        def ratio(sample):
            """Of the times, and of the processors' work, which other programs disturb less."""
            return sample.time / empty.time, measure.median(sample.cpu) / measure.median(empty.cpu)

        for what, sample, limit, memory in (("ticket show", show, limits[0], 40), ("ticket list", listing, limits[1], 60)):
            wall, cpu = ratio(sample)
            rows.add(f"{what} at {label}, times the start of an empty process", wall, limit,
                     note=f"{sample.time * 1000:.1f} ms and {empty.time * 1000:.1f} ms; CPU ratio {cpu:.2f}")
            rows.add(f"{what} at {label}, peak MiB", sample.peak, memory, hash=sample.hash if what == "ticket show" else None)

    def inside(self, *arguments):
        output = subprocess.run([BENCHMARKS / ".build/release/inside", *map(str, arguments)], check=True,
                                env=self.work.variables, stdout=subprocess.PIPE).stdout
        return json.loads(output)

    def edit_row(self, rows, count=200):
        store = self.desk.agent("edits")
        self.work.run("sync", store=store)
        found = self.inside("edit", store, count, self.runs)
        ratios = [bare / edit for bare, edit in zip(found["append"], found["edit"])]
        rows.add("durable edit in an open store, share of a bare append + fdatasync", measure.median(ratios), 0.9, least=True,
                 note=f"{measure.median(found['edit']) * 1e6:.0f} us and {measure.median(found['append']) * 1e6:.0f} us",
                 hash=found["hash"])
        shutil.rmtree(store)

    def integrate_row(self, rows):
        """The last round's edits, recorded as the server's answers, taken into a store."""
        recorded = self.work.path / "replies"
        shutil.rmtree(recorded, ignore_errors=True)
        recorded.mkdir()
        store = self.desk.agent("integrate")
        self.work.run("sync", store=store)
        self.desk.finish(self.last_round)
        settings = json.loads((store / "store.json").read_text())
        device = desks.Device("127.0.0.1", self.desk.server.port, settings["replica"])
        device.token, device.workspace, device.agent = settings["token"], self.desk.server.workspace, settings["agent"]
        device.position, device.sum = self.desk.cursor(store)
        number = 0
        while True:
            status, fields, body = device.request("POST", device.query(limit=1 << 20))
            (recorded / f"{number}.head").write_text(f"AskOnce-Head: {fields['AskOnce-Head']}\n")
            (recorded / f"{number}.body").write_bytes(body)
            number += 1
            headers = [header for text, _ in protocol.gzip_members(body) for header, _ in protocol.parse_blocks(text)]
            device.position = headers[-1]["first"] + len(headers[-1]["times"]) - 1
            device.sum = int(headers[-1]["sum"], 16)
            if device.position == int(fields["AskOnce-Head"].split(" ")[0]):
                break
        scratch = self.work.path / "integrate"
        usable = sorted(os.sched_getaffinity(0))
        for cores in (usable[:1], usable[:2]):
            listed = ",".join(map(str, cores))
            output = subprocess.run(
                ["taskset", "-c", listed, BENCHMARKS / ".build/release/inside", "integrate", store, recorded, scratch,
                 str(max(self.runs, 5))], check=True, env=self.work.variables, stdout=subprocess.PIPE).stdout
            found = json.loads(output)
            rate = found["changes"] / measure.median(found["seconds"])
            rows.add(f"integrating {found['changes']:,} changes, durable, a second, on {len(cores)} core(s)", rate,
                     300_000 if len(cores) == 1 else 450_000, least=True,
                     note=f"{measure.median(found['seconds']) * 1000:.0f} ms; compaction after it "
                          f"{measure.median(found['compaction']) * 1000:.0f} ms", hash=found["hash"])
        shutil.rmtree(store)
