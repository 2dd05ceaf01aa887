"""Measures commands as processes: time, peak memory, and a hash of what they print."""
import hashlib
import pathlib
import statistics
import subprocess
import sys
import time

import harness

LAUNCHER = pathlib.Path(__file__).resolve().parent / "launch.py"
SMALLEST = 12_000  # KiB: what the launcher itself may count for


class Sample:
    """What some runs of one command took."""

    def __init__(self):
        self.seconds, self.memory, self.cpu, self.digest = [], [], [], hashlib.sha256()

    @property
    def time(self):
        return statistics.median(self.seconds)

    @property
    def peak(self):
        """MiB."""
        return max(self.memory) / 1024

    @property
    def spread(self):
        """The quartiles of the seconds."""
        if len(self.seconds) < 3:
            return min(self.seconds), max(self.seconds)
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return low, high

    @property
    def hash(self):
        return self.digest.hexdigest()[:12]


class Launcher:
    """A small process that starts the measured ones."""

    def __init__(self, work):
        self.output = work.path / "output"
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-E", str(LAUNCHER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=work.variables)

    def run(self, *arguments, into=None):
        """Runs a command; gives (seconds, KiB, CPU seconds, output)."""
        self.process.stdin.write("\t".join([str(self.output), *map(str, arguments)]) + "\n")
        self.process.stdin.flush()
        seconds, memory, code, cpu = self.process.stdout.readline().split()
        output = self.output.read_bytes()
        harness.check(int(code) == 0, f"{' '.join(map(str, arguments))} ended with {code}: {output[-300:]!r}")
        if into is not None:
            into.seconds.append(float(seconds))
            into.memory.append(int(memory))
            into.cpu.append(float(cpu))
            into.digest.update(output)
        return output

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def processor(server):
    """The seconds that processors worked for a server's process so far."""
    # What clock_getcpuclockid(3) gives for another process: /proc has it only in hundredths of a second.
    return time.clock_gettime(~server.process.pid << 3 | 2)


def median(values):
    return statistics.median(values)


def milliseconds(seconds):
    value = seconds * 1000
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
