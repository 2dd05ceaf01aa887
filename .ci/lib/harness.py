"""What the end-to-end scripts share: a scratch folder, agents and servers as processes, and plain words at the end.

Everything is started here, so everything is ended here, by its process, when the script leaves.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FULL = os.environ.get("ASKONCE_FULL") == "1"


class Failed(Exception):
    """Something did not hold."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def say(text):
    print(text, flush=True)


def wait(condition, what, seconds=30):
    """Waits until a condition holds; what it gives back is the answer."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        check(time.monotonic() < end, f"waited {seconds} s for {what}")
        time.sleep(0.01)


def together(*works):
    """Does several things at once, each in a thread, and raises the first failure once all have ended."""
    failures = []

    def attempt(work):
        try:
            work()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=attempt, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def size(folder):
    """The bytes of a folder's files, as they are now."""
    return sum(status.st_size for status in statuses(folder))


def mark(folder):
    """What is another when something was written in a folder, be it over what was there."""
    return [(status.st_size, status.st_mtime_ns) for status in statuses(folder)]


def statuses(folder):
    for path in folder.rglob("*"):
        try:
            yield path.stat()
        except FileNotFoundError:
            pass


class Scratch:
    """A folder that is gone at the end, with a home of its own, so that nothing of this machine is used or changed."""

    def __init__(self, askonce):
        self.askonce = str(pathlib.Path(askonce).resolve())
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="askonce-e2e."))
        self.processes, self.lock = [], threading.Lock()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASKONCE", "XDG_"))}
        self.variables = kept | {"HOME": str(self.path / "home"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        (self.path / "home").mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, *arguments, store=None, **options):
        command = [self.askonce, *map(str, arguments)]
        if store is not None:
            command += ["--store", str(store)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL,
                   "env": self.variables} | options
        process = subprocess.Popen(command, **options)
        with self.lock:
            self.processes = [process] + [other for other in self.processes if other.poll() is None]
        return process

    def run(self, *arguments, store=None, codes=(0,), input=None):
        """Runs a command to its end. Its exit code must be one of `codes`; a signal never is."""
        options = {"stdin": subprocess.PIPE} if input is not None else {}
        process = self.start(*arguments, store=store, **options)
        output, errors = process.communicate(input.encode() if isinstance(input, str) else input)
        result = Result(process.returncode, output.decode(errors="replace"), errors.decode(errors="replace"))
        shown = " ".join(map(str, arguments))
        check(codes is None or result.code in codes,
              f"'askonce {shown}' ended with {result.code}: {result.errors or result.output}")
        return result

    def line(self, *arguments, **options):
        return self.run(*arguments, **options).output.strip()

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--json", **options).output)

    def server(self, workspace="desk", name="server"):
        return Server(self, workspace, name)


class Result:
    def __init__(self, code, output, errors):
        self.code, self.output, self.errors = code, output, errors


class Server:
    """A server process that keeps its port when it is started again."""

    def __init__(self, scratch, workspace, name):
        self.scratch, self.workspace = scratch, workspace
        self.data = scratch.path / name
        self.log = scratch.path / f"{name}.log"
        self.port = 0
        self.process = None
        scratch.run("admin", "workspace", "create", workspace, "--data", self.data)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = self.scratch.start(
                "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", stderr=log)
        # The first line says where it listens, once it does.
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        check(found, f"the server did not start: {line!r} {self.tail()}")
        self.port = int(found[1])
        return self

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def tail(self):
        return self.log.read_text(errors="replace")[-500:]

    def kill(self):
        """Ends it as a power cut ends a process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Asks it to stop and checks that it does so in order."""
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        check(code == 0, f"the server ended with {code}: {self.tail()}")

    @property
    def is_running(self):
        return self.process.poll() is None

    def memory(self):
        """Megabytes that it holds now, and that it held at most."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "VmHWM"))

    def forget_peak(self):
        """Starts the count of the peak anew, so that it says what came after."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def invite(self, agent=None, *more):
        arguments = ["admin", "invite", self.workspace, "--data", self.data, *more]
        return self.scratch.line(*arguments, *(["--agent", agent] if agent else []))

    def join(self, agent, store=None, *more):
        """Makes a store of an agent who is enrolled, and gives its folder."""
        store = store or self.scratch.path / agent
        self.scratch.run("join", self.address, "--code", self.invite(agent), *more, store=store)
        return store

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@contextlib.contextmanager
def script(title, askonce=None):
    """Runs a script: gives its scratch folder, and says at the end whether all held."""
    begin = time.monotonic()
    askonce = askonce or (sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/askonce")
    # A script that is ended leaves through the same door, so that its processes and its folder go.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        with Scratch(askonce) as scratch:
            yield scratch
    except Failed as failure:
        say(f"{title}: FAILED after {time.monotonic() - begin:.0f} s: {failure}")
        sys.exit(1)
    say(f"{title}: all held ({time.monotonic() - begin:.0f} s)")
