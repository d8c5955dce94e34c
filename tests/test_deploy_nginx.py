"""`deploy/nginx.conf`: TLS in front of three servers, which can be restarted in turn."""

import http.client
import json
import shutil
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

from tests.benchmark.process import free_port
from tests.processes import ROOT, Program
from tests.samples import ITEMS, snapshot
from tests.servers import FedTestCase
from tests.support import DEADLINE, wait_until

CERTIFICATE = ROOT / "tests" / "certificates" / "localhost.pem"


class InFront(FedTestCase):
    def setUp(self) -> None:
        if not shutil.which("nginx"):
            self.skipTest("there is no nginx here")
        super().setUp()
        self.feed(snapshot())
        self.servers = [self.fed_server() for _ in range(3)]
        self.port = free_port()
        self.nginx()

    def nginx(self) -> None:
        """Start nginx with our configuration, at free ports, until the end of the test."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        told = (ROOT / "deploy" / "nginx.conf").read_text()
        for port, server in zip((8080, 8081, 8082), self.servers, strict=True):
            told = told.replace(f"127.0.0.1:{port}", f"127.0.0.1:{server.port()}")
        told = told.replace("listen 8443", f"listen 127.0.0.1:{self.port}")
        told = told.replace("/etc/ssl/gateway.pem", str(CERTIFICATE))
        (folder / "gateway.conf").write_text(told)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = folder / "nginx.conf"
        main.write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; events {{}}"
            f"http {{ access_log off; {temporary} include {folder}/gateway.conf; }}"
        )
        process = subprocess.Popen(
            ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(main)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_until(lambda: self.ask() == 200, "nginx answers")

    def ask(self) -> int | None:
        """Tell the status of an answer over TLS, whose data is looked at; None where none came."""
        context = ssl.create_default_context(cafile=str(CERTIFICATE))
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=DEADLINE, context=context
        )
        try:
            connection.request("GET", "/")
            with connection.getresponse() as response:
                if response.status == 200:
                    self.assertEqual(json.load(response), list(ITEMS))
                return response.status
        except OSError:
            return None
        finally:
            connection.close()

    def test_no_caller_meets_a_gap_while_the_servers_are_restarted_in_turn(self) -> None:
        statuses: list[int | None] = []
        done = threading.Event()

        def call() -> None:
            while not done.is_set():
                statuses.append(self.ask())

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        try:
            for server in self.servers:
                self.assertEqual(server.stop(), 0)
                port = str(server.port())
                common = ("--host", "127.0.0.1", "--socket", str(self.socket))
                again = self.enterContext(Program("server", *common, "--port", port))
                again.wait_for("snapshot received")
                asked = len(statuses)
                wait_until(lambda: len(statuses) > asked + 20, "it is called")  # noqa: B023
        finally:
            done.set()
            for caller in callers:
                caller.join()
        self.assertEqual(set(statuses), {200})
