"""What other programs read, JSON and metrics, is valid whatever a terminal or a name is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.demo.behaviours import body
from tests.polled import PolledTestCase
from tests.processes import ROOT, Program, clean_environment
from tests.servers import ServerTestCase
from tests.support import DEADLINE

ENCODINGS = (
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "utf-16"},
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)

# https://prometheus.io/docs/instrumenting/exposition_formats/: in a value, three escapes.
SAMPLE = re.compile(r'^[a-z_]+\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\} [0-9.e+-]+$')


class AnyEncoding(PolledTestCase, ServerTestCase):
    def setUp(self) -> None:
        """Have a folder whose name is no UTF-8, and an endpoint whose failure is not in ASCII."""
        super().setUp()
        name = os.path.join(os.fsencode(self.folder), b"\xff\xc5\xbc")
        os.mkdir(name)
        self.socket = Path(os.fsdecode(name)) / "snapshot.sock"
        self.endpoints.play("/data", body('["zażółw78","😀😀😀"]'.encode()))

    def printed(self, environment: dict[str, str], *words: str) -> str:
        """Return what a program prints, which must be UTF-8."""
        ended = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE,
            check=True,
        )
        return ended.stdout.decode("utf-8")

    def check_program(self, environment: dict[str, str], program: str, *words: str) -> None:
        """Check the JSON and the metrics of a program that runs."""
        status = json.loads(self.printed(environment, program, "status", "--json", *words))
        self.assertEqual(status["program"]["program"], program)
        metrics = self.printed(environment, program, "status", "--prometheus", *words).splitlines()
        self.assertGreater(len(metrics), 10)
        for line in metrics:
            if not line.startswith("# "):
                self.assertRegex(line, SAMPLE)

    def check_log(self, program: Program) -> None:
        """Stop a program, and check each line of its log."""
        self.assertEqual(program.stop(), 0)
        self.assertGreater(len(program.lines), 2)
        for line in program.lines:
            self.assertIsInstance(json.loads(line.encode("utf-8")), dict)

    def test_the_clients_json_and_metrics_are_valid(self) -> None:
        own = ("--socket", str(self.socket))
        endpoint = ("--endpoint", f"60={self.endpoints.url('/data')}", "--log-format", "json")
        for environment in ENCODINGS:
            with self.subTest(environment):
                client = Program("client", *own, *endpoint, environment=environment)
                self.enterContext(client)
                self.assertIn("ażółw", client.wait_for("poll failed"))
                self.check_program(environment, "client", *own)
                self.check_log(client)

    def test_the_servers_json_and_metrics_are_valid(self) -> None:
        for environment in ENCODINGS:
            with self.subTest(environment):
                server = self.server("--log-format", "json", **environment)
                server.wait_for("not connected")
                port = str(json.loads(server.lines[0])["port"])
                self.check_program(environment, "server", "--host", "127.0.0.1", "--port", port)
                self.check_log(server)
