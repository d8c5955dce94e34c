"""A host outside all of the engine's networks, to be reached or not."""

import os
import shutil
import subprocess
import sys
import unittest
from ipaddress import IPv4Address

from tests.containers import run


class Outsider:
    """A host that is on none of the engine's networks: a network namespace behind a link.

    It knows the way to this machine and to nowhere else, as a host of the local network does that
    has another router.
    """

    def __init__(self, test: unittest.TestCase) -> None:
        """Set it up, with a listener on port 80; it is gone at the end of the test.

        Skips the test where that cannot be done.
        """
        if os.geteuid() or not shutil.which("ip"):
            test.skipTest("a network namespace needs root, and the command ip")
        pid = os.getpid()
        self._name = f"gateway-test-{pid}"
        near, far = f"gwn{pid}", f"gwf{pid}"
        # Of the addresses that are for tests of networks, RFC 2544, a subnet of four.
        subnet = IPv4Address("198.18.0.0") + pid % 2**15 * 4
        self.gateway, self.address = str(subnet + 1), str(subnet + 2)
        try:
            run("ip", "netns", "add", self._name)
        except AssertionError as error:
            test.skipTest(f"a network namespace cannot be made here: {error}")
        test.addCleanup(run, "ip", "netns", "delete", self._name)
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", self._name)
        test.addCleanup(run, "ip", "link", "delete", near)
        run("ip", "address", "add", f"{self.gateway}/30", "dev", near)
        run("ip", "link", "set", near, "up")
        run("ip", "-n", self._name, "address", "add", f"{self.address}/30", "dev", far)
        run("ip", "-n", self._name, "link", "set", far, "up")
        self._listen(test)

    def _listen(self, test: unittest.TestCase) -> None:
        code = (
            "import socket\n"
            "with socket.create_server(('', 80)) as listening:\n"
            "    print('listening', flush=True)\n"
            "    while True: listening.accept()[0].close()\n"
        )
        listener = subprocess.Popen(self._inside(code), stdout=subprocess.PIPE)
        assert listener.stdout
        test.addCleanup(listener.stdout.close)
        test.addCleanup(listener.wait)
        test.addCleanup(listener.kill)
        assert listener.stdout.readline() == b"listening\n"

    def _inside(self, code: str) -> list[str]:
        return ["ip", "netns", "exec", self._name, sys.executable, "-c", code]

    def execute(self, code: str) -> str:
        """Run Python code on that host, and tell what it printed."""
        return run(*self._inside(code)).rstrip("\n")
