"""nginx and Caddy in front of a server, as README.md configures them, with certificates of an authority made for the test.

What README says is taken from there word by word; only the name, the ports and the certificate's files are put in.
"""
import os
import pathlib
import re
import socket
import subprocess

from harness import ROOT, check, wait


def readme_block(language):
    """The one block of README.md in a language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    check(len(blocks) == 1, f"README.md has {len(blocks)} blocks of {language}")
    return blocks[0]


def put(text, old, new):
    """Replaces what must stand there."""
    check(old in text, f"the README's configuration lacks {old!r}:\n{text}")
    return text.replace(old, new)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Authority:
    """A certificate authority that may speak for localhost only, and a certificate of it."""

    def __init__(self, folder):
        folder.mkdir()
        self.file, self.certificate, self.key = folder / "authority.pem", folder / "server.pem", folder / "server.key"
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for command in (
            ["req", "-x509", *curve, "-days", "2", "-subj", "/CN=Test authority", "-addext",
             "nameConstraints=critical,permitted;DNS:localhost", "-keyout", "ca.key", "-out", self.file],
            ["req", *curve, "-subj", "/CN=localhost", "-keyout", self.key, "-out", "request"],
            ["x509", "-req", "-in", "request", "-CA", self.file, "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
             "-extfile", "names", "-out", self.certificate],
        ):
            done = subprocess.run(["openssl", *map(str, command)], cwd=folder, capture_output=True)
            check(done.returncode == 0, f"openssl: {done.stderr.decode()}")
        self.installed = pathlib.Path(f"/usr/local/share/ca-certificates/askonce-test-{os.getpid()}.crt")

    def __enter__(self):
        return self

    def install(self):
        """Puts it into the system's store, as README says; for as long as the `with` lasts."""
        self.as_root("install", "-m", "644", self.file, self.installed)
        self.as_root("update-ca-certificates")

    def __exit__(self, *_):
        if self.installed.exists():
            self.as_root("rm", self.installed)
            self.as_root("update-ca-certificates", "--fresh")

    @staticmethod
    def as_root(*command):
        command = ([] if os.geteuid() == 0 else ["sudo"]) + [str(word) for word in command]
        done = subprocess.run(command, capture_output=True)
        check(done.returncode == 0, f"{command}: {done.stderr.decode()}")


class Proxy:
    def __init__(self, scratch, server, authority, name):
        self.scratch, self.server, self.authority, self.name = scratch, server, authority, name
        self.folder = scratch.path / name
        self.folder.mkdir()
        self.port = free_port()
        self.log = self.folder / "output"

    @property
    def address(self):
        return f"https://localhost:{self.port}"

    def start(self, command):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self.scratch.variables | {"HOME": str(self.folder)})
        self.scratch.processes.append(process)

        def is_up():
            check(process.poll() is None, f"{self.name} ended: {self.log.read_text()[-1000:]}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait(is_up, self.name)
        return self


class Nginx(Proxy):
    """`largest` and `more` make one that is not as README wants it: for bodies, and for the server block."""

    def __init__(self, scratch, server, authority, name="nginx", largest="8m", more=""):
        super().__init__(scratch, server, authority, name)
        self.requests = self.folder / "requests"
        block = readme_block("nginx")
        block = put(block, "listen 443", f"listen 127.0.0.1:{self.port}")
        block = put(block, "server_name desk.example.org", "server_name localhost")
        block = put(block, "/etc/ssl/desk.example.org.pem", str(authority.certificate))
        block = put(block, "/etc/ssl/private/desk.example.org.key", str(authority.key))
        block = put(block, "http://127.0.0.1:8080", server.address)
        block = put(block, "client_max_body_size 8m", f"client_max_body_size {largest}")
        block = re.sub(r"}\s*$", more + "\n}\n", block)
        paths = "".join(f"{kind}_temp_path {self.folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(
            f"pid {self.folder}/pid;\nerror_log {self.folder}/errors;\ndaemon off;\nmaster_process off;\n"
            "events { worker_connections 256; }\nhttp {\n"
            'log_format ranges "$request_method $uri $status $http_range $server_protocol";\n'
            f"access_log {self.requests} ranges;\n{paths}{block}}}\n")
        self.start(["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "errors"])


class Caddy(Proxy):
    def __init__(self, scratch, server, authority, name="caddy"):
        super().__init__(scratch, server, authority, name)
        block = readme_block("caddyfile")
        block = put(block, "desk.example.org {", f"{self.address} {{\n\ttls {authority.certificate} {authority.key}")
        block = put(block, "127.0.0.1:8080", f"127.0.0.1:{server.port}")
        path = self.folder / "Caddyfile"
        path.write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + block)
        self.start(["caddy", "run", "--config", path, "--adapter", "caddyfile"])
