"""Runs commands one after another and prints for each the seconds it took, its peak memory in KiB and its exit code.

In a process of its own and kept small: the kernel counts the memory of who starts a process to the process's peak.
Reads lines of tab-separated `OUTPUT ARGUMENT...` from standard input.
"""
import os
import sys
from time import perf_counter

for line in sys.stdin:
    output, *arguments = line.rstrip("\n").split("\t")
    files = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    begin = perf_counter()
    child = os.posix_spawn(arguments[0], arguments, os.environ, file_actions=files)
    _, status, usage = os.wait4(child, 0)
    took = perf_counter() - begin
    print(took, usage.ru_maxrss, os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, flush=True)
