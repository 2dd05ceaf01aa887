"""What the server can do, beside nginx under the same load generator (wrk), and what it holds in memory."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

import harness
import measure
import protocol

NGINX = """
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error;
daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  default_type application/gzip;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; error_page 405 =200 $uri; }}
}}
"""

# Each of wrk's threads has one connection and is one device: it pushes one change at a time, the next of its sequence,
# and takes the head that it is told for its next cursor. wrk asks for a request more than it sends, so only answers count.
PUSH = """
local count = 0
function setup(thread) thread:set("number", count); count = count + 1 end
local pushes, index, cursor, base, token
function init()
  pushes = {}
  local file = io.open("%(folder)s/" .. number, "rb")
  base, token, cursor = file:read("*l"), file:read("*l"), file:read("*l")
  while true do
    local size = file:read("*l")
    if not size then break end
    pushes[#pushes + 1] = file:read(tonumber(size))
  end
  file:close()
  index = 1
end
function request()
  if index > #pushes then wrk.thread:stop() return nil end
  return wrk.format("POST", base .. cursor .. "&own=" .. index .. "&limit=1", {["Authorization"] = token}, pushes[index])
end
function response(status, headers, body)
  if status ~= 200 and status ~= 204 then print("status " .. status .. " " .. body) wrk.thread:stop() end
  local position, sum = (headers["AskOnce-Head"] or ""):match("(%%d+) (%%x+)")
  index = index + 1
  if position then cursor = "after=" .. position .. "&sum=" .. sum end
end
"""

PULL = """
wrk.method = "POST"
wrk.body = ""
wrk.headers["Authorization"] = "%(token)s"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerRows:
    def __init__(self, work, desk, runs, seconds, connections):
        self.work, self.desk, self.runs, self.seconds, self.connections = work, desk, runs, seconds, connections
        self.folder = work.path / "wrk"
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "www").mkdir(parents=True)
        self.port = free_port()
        (self.folder / "nginx.conf").write_text(NGINX.format(
            # Started by root, its workers would be another user, who may not look into the folder.
            user="user root;" if os.geteuid() == 0 else "", folder=self.folder, port=self.port))
        self.nginx = subprocess.Popen(["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        work.processes.append(self.nginx)
        harness.wait(lambda: not socket.socket().connect_ex(("127.0.0.1", self.port)), "nginx")

    def close(self):
        self.nginx.terminate()
        self.nginx.wait()

    def wrk(self, url, script=None, threads=2, connections=None):
        """Requests a second."""
        command = ["wrk", f"-t{threads}", f"-c{connections or self.connections}", f"-d{self.seconds}s", "--timeout", "10s"]
        if script:
            command += ["-s", str(script)]
        output = subprocess.run(command + [url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        found = re.search(r"Requests/sec:\s+([\d.]+)", output)
        harness.check(found and "status" not in output and "Non-2xx" not in output, f"wrk: {output[-600:]}")
        return float(found[1])

    def beside(self, ours, name, size):
        """Medians of both, in turns."""
        (self.folder / "www" / name).write_bytes(b"x" * size)
        theirs = f"http://127.0.0.1:{self.port}/{name}"
        rates, others = [], []
        for number in range(self.runs):
            rates.append(ours(number))
            others.append(self.wrk(theirs))
        return measure.median(rates), measure.median(others)

    def push_row(self, rows, count):
        """Pushes of one change, each durable before it is answered."""
        address = self.desk.server.address
        ticket = next(id for name, id in self.desk.converter.entities.items() if name.startswith("T"))
        script = self.folder / "push.lua"
        pushes = self.folder / "pushes"
        script.write_text(PUSH % {"folder": pushes})

        def ours(_):
            shutil.rmtree(pushes, ignore_errors=True)
            pushes.mkdir()
            probe = self.desk.device(f"probe-{time.monotonic_ns()}")
            probe.look()
            probe.close()
            position, sum = probe.head.split(" ")
            for number in range(self.connections):
                device = self.desk.device(f"pusher-{time.monotonic_ns()}")
                device.close()
                with open(pushes / str(number), "wb") as file:
                    file.write(f"{device.base}/sync?\nBearer {device.token}\nafter={position}&sum={sum}\n".encode())
                    for sequence in range(1, count + 1):
                        body = '"log":{"timeline":{"kind":"message","channel":"email","direction":"out","text":"%s"}}' % (
                            f"Thank you, we have sent number {sequence} to you today and expect it on Friday")
                        change = protocol.Change(device.replica, sequence, (1_750_000_000_000 + sequence * 1000, 0),
                                                 int(position), device.agent, ticket, body)
                        data = protocol.zlib_stream(
                            protocol.block_text([change], (device.replica, device.agent, int(position))), DICTIONARY)
                        file.write(f"{len(data)}\n".encode() + data)
            return self.wrk(address, script, threads=self.connections)

        rate, nginx = self.beside(ours, "push", 300)
        rows.add(f"pushes of one change, {self.connections} connections, times nginx", rate / nginx, 0.1, least=True,
                 note=f"{rate:,.0f} and {nginx:,.0f} a second")

    def pull_rows(self, rows):
        server = self.desk.server
        device = self.desk.device(f"puller-{time.monotonic_ns()}")
        device.look()
        position, sum = device.head.split(" ")
        base = f"{server.address}{device.base}/sync?"
        script = self.folder / "pull.lua"
        script.write_text(PULL % {"token": f"Bearer {device.token}"})
        rate, nginx = self.beside(
            lambda _: self.wrk(f"{base}after={position}&sum={sum}&own=0", script), "nothing", 1)
        rows.add('"nothing new" pulls, times nginx', rate / nginx, 0.3, least=True, note=f"{rate:,.0f} and {nginx:,.0f} a second")
        _, _, body = device.request("POST", f"{device.base}/sync?after=0&sum=00000000&own=0&limit=1048576")
        rate, nginx = self.beside(
            lambda _: self.wrk(f"{base}after=0&sum=00000000&own=0&limit=1048576", script, connections=16), "log", len(body))
        rows.add("pulls of 1 MB of log, times nginx with sendfile", rate / nginx, 0.7, least=True,
                 note=f"{rate:,.0f} and {nginx:,.0f} a second, {len(body):,} bytes")
        device.close()

    def memory_rows(self, rows, idle):
        rows.add("server memory after the whole push, MiB", self.desk.memory[0], 150, note=f"peak {self.desk.memory[1]:.0f}")
        device = self.desk.device(f"waiter-{time.monotonic_ns()}")
        before, _ = self.desk.server.memory()
        head = (f"GET {device.base}/live HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {device.token}\r\n\r\n").encode()
        waiting = []
        for _ in range(idle):
            connection = self.desk.server.connect()
            connection.sendall(head)
            harness.check(connection.recv(4096).startswith(b"HTTP/1.1 200"), "a live connection was refused")
            waiting.append(connection)
        time.sleep(0.5)
        after, _ = self.desk.server.memory()
        for connection in waiting:
            connection.close()
        rows.add("an idle live connection, KiB of the server's memory", (after - before) * 1024 / idle, 10,
                 note=f"{idle} connections")


DICTIONARY = (pathlib.Path(__file__).resolve().parent.parent.parent / "Fixtures/protocol/dictionary-1.txt").read_bytes()
