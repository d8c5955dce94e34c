"""The way of one string that the page for contributors tells: each function on it is called."""

import asyncio
import re
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType

from client.configuration import Configuration
from client.endpoint import parse_endpoint
from client.gateway import Gateway
from tests.demo.behaviours import array
from tests.demo.endpoints import Endpoints
from tests.processes import ROOT
from tests.serving import Serving
from tests.support import AsyncTestCase, eventually

STRING = "630e1244"
# Like no other, for what has been parsed once in this process is not parsed again.
REQUEST = b"GET / HTTP/1.1\r\nHost: the-way-of-one-string\r\n\r\n"


def told() -> list[str]:
    """Tell the functions that the page names, each by its module and its name there."""
    page = (ROOT / "docs" / "contributing.md").read_text()
    way = page.partition("## The way of one string")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d+\. .*?(?=^\d+\. |^$)", way, re.MULTILINE | re.DOTALL)
    return [
        name for step in steps for name in re.findall(r"`((?:client|server|shared)\.[\w.]+)`", step)
    ]


class Walk(AsyncTestCase):
    def setUp(self) -> None:
        self.called: set[str] = set()
        # Of the threads that are started from now on, and of this one.
        for hook in (threading.setprofile, sys.setprofile):
            hook(self.note)
            self.addCleanup(hook, None)

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Remember what is called."""
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            self.called.add(f"{module}.{frame.f_code.co_qualname}")

    def test_each_function_on_the_way_is_called_and_the_string_arrives(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        endpoints = Endpoints()
        self.addCleanup(endpoints.close)
        endpoints.play("/", array([STRING]))
        client = Configuration(
            (parse_endpoint(f"60={endpoints.url('/')}"),),
            timeout=None,
            most=1000,
            state=folder / "state.json",
            socket=folder / "snapshot.sock",
        )
        server = Serving(self, path=client.socket)

        async def main() -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(Gateway(client).run(stop))
            await eventually(lambda: "server.service.Service.take" in self.called, "it arrives")
            answer = await asyncio.to_thread(lambda: server.connect().ask(REQUEST))
            self.assertEqual(answer.body, f'["{STRING}"]'.encode())
            stop.set()
            await running

        with self.assertLogs("client"):
            self.run_async(main())
        self.assertGreater(len(told()), 25)
        self.assertEqual(set(told()) - self.called, set())
