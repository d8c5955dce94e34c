"""The server as a process: bad values, the log, signals, descriptors."""

import resource
import signal
import socket
from functools import partial

from tests.feeding import Feeder
from tests.processes import Program
from tests.samples import snapshot
from tests.servers import FedTestCase, ServerTestCase
from tests.serving import GET
from tests.support import wait_until


class BadValues(ServerTestCase):
    def refused(self, *arguments: str, **environment: str) -> str:
        """Tell the one line with which the server refuses its settings."""
        return self.server(*arguments, **environment).refusal()

    def test_each_is_named_with_what_would_be_right(self) -> None:
        limit = "want a whole number from 1 to 1000000"
        cases = {
            ("--limit", "0"): f"--limit 0: {limit}",
            ("--limit", "-1"): f"--limit -1: {limit}",
            ("--limit", "1_0"): f"--limit 1_0: {limit}",
            ("--limit", "٣"): f"--limit '٣': {limit}",
            ("--limit", "ten"): f"--limit ten: {limit}",
            ("--port", "70000"): "--port 70000: want a whole number from 0 to 65535",
            ("--idle-timeout", "0"): "--idle-timeout 0: want a number of seconds from 0.01",
            ("--host", "no.such.host.invalid"): "--host no.such.host.invalid: want an address",
            ("--host", "a..b"): "--host a..b: want an address or a name of this machine",
            ("--host", "192.0.2.1"): "cannot listen there: Cannot assign requested address",
            ("--socket", "/no/such/snapshot.sock"): "a directory that exists; /no/such does not",
            ("--socket", "/tmp/" + "s" * 103): "want a path of at most 107 bytes",
            ("--nonsense",): "unrecognized arguments: --nonsense (see python -m server --help)",
        }
        for arguments, message in cases.items():
            with self.subTest(arguments):
                self.assertIn(message, self.refused(*arguments))

    def test_a_bad_variable_is_named_as_such(self) -> None:
        self.assertIn("CLIENT_LIMIT=-5: want a whole number", self.refused(CLIENT_LIMIT="-5"))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            used = str(taken.getsockname()[1])
            refusal = self.refused_variables(HOST="127.0.0.1", PORT=used)
        self.assertIn(f"HOST=127.0.0.1 PORT={used}: cannot listen there: Address", refusal)
        refusal = self.refused_variables(HOST="no.such.host.invalid", PORT="0")
        self.assertIn("HOST=no.such.host.invalid: want an address or a name", refusal)

    def refused_variables(self, **environment: str) -> str:
        """Return the one line with which a server refuses its settings, all of them variables."""
        environment |= {"SNAPSHOT_SOCKET": str(self.socket)}
        return self.enterContext(Program("server", environment=environment)).refusal()

    def test_a_port_in_use_is_refused(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            used = str(taken.getsockname()[1])
            refusal = self.refused("--port", used)
        self.assertEqual(
            refusal,
            f"--host 127.0.0.1 --port {used}: cannot listen there: Address already in use; "
            "want an address of this machine and a port that is free",
        )

    def test_help_tells_defaults_units_and_variables(self) -> None:
        server = self.server("--help")
        self.assertEqual(server.end(), 0)
        text = " ".join(server.output().split())
        for words in (
            "[100; CLIENT_LIMIT]",
            "[0.0.0.0; HOST]",
            "[8080; PORT]",
            "--idle-timeout SECONDS",
            "[5; IDLE_TIMEOUT]",
            "[/run/gateway/snapshot.sock; SNAPSHOT_SOCKET]",
        ):
            with self.subTest(words):
                self.assertIn(words, text)


class Life(ServerTestCase):
    def test_it_tells_its_start_and_its_end(self) -> None:
        server = self.server("--limit", "7")
        self.assertRegex(
            server.wait_for("started"),
            r" info server started host=127\.0\.0\.1 port=\d+ limit=7 socket=",
        )
        server.wait_for("not connected to the client")
        self.assertEqual(server.stop(), 0)
        self.assertIn("server stopped", server.lines[-1])

    def test_each_signal_ends_it_cleanly_with_clients_connected(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                server = self.server()
                idle, asking = self.connect(server), self.connect(server)
                self.assertEqual(asking.ask().status, 503)
                asking.send(GET[:10])
                self.assertEqual(server.stop(number), 0)
                self.assertTrue(idle.ended())

    def test_it_listens_on_ipv6_too(self) -> None:
        try:
            with socket.create_server(("::1", 0), family=socket.AF_INET6):
                pass
        except OSError as error:
            self.skipTest(f"this machine has no IPv6: {error}")
        server = self.server("--host", "::1")
        with socket.create_connection(("::1", server.port()), timeout=10) as connection:
            connection.sendall(GET)
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 503 "))

    def test_a_limit_beyond_the_descriptors_is_a_warning(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard >= 1_000_000:
            self.skipTest("this machine allows more descriptors than the largest limit")
        server = self.server("--limit", "1000000")
        self.assertIn(f"connections={hard - 24}", server.wait_for("fewer descriptors than clients"))

    def test_its_requests_are_logged_at_debug(self) -> None:
        server = self.server(LOG_LEVEL="debug")
        self.assertEqual(self.connect(server).ask().status, 503)
        line = server.wait_for("answered")
        self.assertRegex(line, r' peer=127\.0\.0\.1:\d+ request="GET /" status=503 bytes=\d+$')


class Descriptors(ServerTestCase):
    def test_where_the_system_refuses_more_silent_strangers_make_room(self) -> None:
        server = self.server("--idle-timeout", "600")
        server.port()
        # Behind the server's back, which at its start was told that there are more.
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (40, 40))
        strangers = [self.connect(server) for _ in range(60)]
        for _ in range(20):
            newcomer = self.connect(server)
            self.assertEqual(newcomer.ask().status, 503)
        self.assertTrue(strangers[0].ended(), "the one that was there longest has gone")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(server.logged("descriptors run short")), 1)

    def test_where_nobody_can_make_room_it_rests_until_somebody_leaves(self) -> None:
        server = self.server("--idle-timeout", "600")
        server.port()
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (40, 40))
        inside = []
        while not server.logged("descriptors run short"):
            inside.append(self.connect(server))
            inside[-1].send(GET)
            if inside[-1].readable(0.5):
                self.assertEqual(inside[-1].response().status, 503)
        for peer in inside[:5]:
            peer.close()
        self.assertEqual(inside[-1].response().status, 503, "the one that had to wait")
        self.assertEqual(self.connect(server).ask().status, 503)
        self.assertEqual(server.stop(), 0)


class Memory(FedTestCase):
    def arrived(self, server: Program, count: int) -> bool:
        """Tell whether so many snapshots have arrived."""
        return len(server.logged("snapshot received")) == count

    def test_past_snapshots_go_back_to_the_system(self) -> None:
        snapshots = [snapshot(item, padding=300_000) for item in ("edition1", "edition2")]
        feeder = self.enterContext(Feeder(self.socket, snapshots[0]))
        server = self.fed_server()
        before = server.resident()
        for number in range(1, 11):
            feeder.publish(snapshots[number % 2])
            arrived = partial(self.arrived, server, number + 1)
            wait_until(arrived, "it has come")
        half = snapshots[0].size / 1024 / 2
        wait_until(lambda: server.resident() < before + half, "the memory is as it was")

    def test_clients_that_come_and_go_leave_nothing_behind(self) -> None:
        server = self.server("--limit", "5")
        self.assertEqual(self.connect(server).ask().status, 503)
        wait_until(lambda: server.logged("not connected"), "it has settled")
        for number in range(300):
            peer = self.connect(server)
            if number % 3:
                peer.send(GET if number % 2 else b"nonsense")
            if number % 5:
                peer.reset()
            peer.close()
        wait_until(lambda: server.open_files() <= 12, "all descriptors are closed")
