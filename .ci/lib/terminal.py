"""Commands that talk with a person, in a pseudo-terminal."""
import os
import pty
import select
import termios
import time

from harness import check


class Terminal:
    """A command in a pseudo-terminal."""

    def __init__(self, scratch, *arguments, store):
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = scratch.start(*arguments, store=store, stdin=slave, stdout=slave, stderr=slave)
        self.text = ""

    def read(self, word, seconds=30):
        """Reads until a word comes; gives what came up to it."""
        end = time.monotonic() + seconds
        while word not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            check(ready, f"waited for {word!r}, got {self.text!r}")
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            check(piece, f"the terminal ended before {word!r}: {self.text!r}")
            self.text += piece.decode(errors="replace")
        found, _, self.text = self.text.partition(word)
        return found + word

    def press(self, keys):
        os.write(self.master, keys.encode())

    def end(self, code=0):
        check(self.process.wait(timeout=30) == code, f"ended with {self.process.returncode}: {self.text}")
        check(termios.tcgetattr(self.slave)[3] == self.before[3], "the terminal was not given back as it was")
        os.close(self.slave)
        os.close(self.master)
