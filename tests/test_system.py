"""Client and server together, as processes: from an endpoint's socket to a caller's."""

import json
from collections.abc import Callable, Sequence

from tests.demo.behaviours import array, with_validators
from tests.demo.endpoints import Endpoints
from tests.demo.faults import FAULTS
from tests.processes import Program
from tests.servers import ServerTestCase
from tests.serving import Peer, Response
from tests.support import wait_until

FAST, SLOW, SLOWEST = ["aaaaaaaa", "bbbbbbbb"], ["bbbbbbbb", "cccccccc"], ["dddddddd", "aaaaaaaa"]
MERGED = ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"]


class SystemTestCase(ServerTestCase):
    """A test with three endpoints, polled every 0.1, 0.2 and 0.4 s."""

    def setUp(self) -> None:
        """Start the endpoints."""
        super().setUp()
        self.endpoints = Endpoints()
        self.addCleanup(self.endpoints.close)
        self.serve(FAST, SLOW, SLOWEST)

    def serve(self, *data: Sequence[str]) -> None:
        """Have the endpoints serve this from now on."""
        for number, strings in enumerate(data):
            self.endpoints.play(f"/{number}", array(strings))

    def break_down(self, *numbers: int) -> None:
        """Have endpoints fail from now on."""
        for number in numbers:
            self.endpoints.play(f"/{number}", FAULTS["status-500"])

    def client(self) -> Program:
        """Start a client."""
        urls = [self.endpoints.url(f"/{number}") for number in range(3)]
        polled = " ".join(f"{0.1 * 2**n:g}={url}" for n, url in enumerate(urls))
        # Nine tenths of these periods would be a short time on a slow machine.
        environment = {"ENDPOINTS": polled, "FETCH_TIMEOUT": "10"}
        return self.enterContext(
            Program("client", "--socket", str(self.socket), environment=environment)
        )

    def ask(self, server: Program, request: bytes | None = None) -> Response:
        """Ask a server on a connection of its own."""
        peer = Peer(self, server.port())
        try:
            return peer.ask(request) if request else peer.ask()
        finally:
            peer.close()

    def data(self, server: Program) -> list[str] | None:
        """Tell what a server answers; None where it has no data."""
        response = self.ask(server)
        return json.loads(response.body) if response.status == 200 else None

    def answers(self, server: Program, expected: Sequence[str]) -> Callable[[], bool]:
        """Make a condition: the server answers with this data."""
        return lambda: self.data(server) == list(expected)


class TheWay(SystemTestCase):
    def test_data_comes_merged_in_order_and_each_string_once(self) -> None:
        self.client()
        server = self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")

    def test_it_does_not_matter_which_is_started_first(self) -> None:
        server = self.server()
        server.wait_for("not connected to the client")
        self.assertIsNone(self.data(server))
        self.client()
        wait_until(self.answers(server, MERGED), "the merged data is served")

    def test_what_an_endpoint_no_longer_sends_leaves_and_what_is_new_comes(self) -> None:
        self.client()
        server = self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        self.serve(["eeeeeeee"], SLOW, [])
        wait_until(
            self.answers(server, ["eeeeeeee", "bbbbbbbb", "cccccccc"]), "the change is served"
        )

    def test_a_failing_endpoint_keeps_its_last_good_data(self) -> None:
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        self.break_down(1)
        client.wait_for("poll failed", "status 500")
        self.serve(["eeeeeeee"])
        merged = ["eeeeeeee", "bbbbbbbb", "cccccccc", "dddddddd", "aaaaaaaa"]
        wait_until(self.answers(server, merged), "the others go on")

    def test_unchanged_data_keeps_its_tag_and_is_pushed_once(self) -> None:
        self.endpoints.play("/0", with_validators(FAST, etag='"1"'))
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        first = self.ask(server)
        polls = len(client.logged("polled"))
        wait_until(lambda: len(client.logged("polled")) > polls + 10, "it is polled on")
        self.assertTrue(client.logged("outcome=not-modified"))
        self.assertEqual(len(client.logged("snapshot pushed")), 1)
        self.assertEqual(len(server.logged("snapshot received")), 1)
        tag = first.fields["etag"]
        request = f"GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\n\r\n"
        response = self.ask(server, request.encode())
        self.assertEqual((response.status, response.fields["etag"]), (304, tag))

    def test_all_servers_get_the_same(self) -> None:
        self.client()
        servers = [self.server() for _ in range(3)]
        for server in servers:
            wait_until(self.answers(server, MERGED), "the merged data is served")
        tags = {self.ask(server).fields["etag"] for server in servers}
        self.assertEqual(len(tags), 1)
        self.assertEqual(servers[0].stop(), 0)
        self.serve(["eeeeeeee"], [], [])
        for server in servers[1:]:
            wait_until(self.answers(server, ["eeeeeeee"]), "the change is served")

    def test_both_tell_the_same_story(self) -> None:
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        client.wait_for("server connected", "servers=1")
        server.wait_for("snapshot received", "items=4", "bytes=45")
        self.assertEqual(server.stop(), 0)
        client.wait_for("server gone", "servers=0", "it closed the connection")
        self.assertEqual(client.stop(), 0)


class Restarts(SystemTestCase):
    def test_a_server_goes_on_without_its_client_and_takes_up_with_the_next(self) -> None:
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        client.kill()
        server.wait_for("not connected to the client")
        self.assertEqual(self.data(server), MERGED)
        wait_until(lambda: int(self.ask(server).fields["age"]) >= 1, "the age grows")
        self.serve(["eeeeeeee"], [], [])
        self.client()
        wait_until(self.answers(server, ["eeeeeeee"]), "the change is served")

    def test_a_client_that_comes_back_forgets_nothing_while_endpoints_are_down(self) -> None:
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        client.kill()
        self.break_down(0, 1)
        self.endpoints.play("/2", array(["eeeeeeee"]))
        again = self.client()
        again.wait_for("started", "remembered=3")
        expected = ["aaaaaaaa", "bbbbbbbb", "cccccccc", "eeeeeeee"]

        def served() -> bool:
            now = self.data(server)
            self.assertIn(now, (MERGED, expected), "nothing shrinks meanwhile")
            return now == expected

        wait_until(served, "only the reachable endpoint's data has changed")

    def test_both_killed_serve_what_they_knew_though_all_endpoints_are_down(self) -> None:
        client, server = self.client(), self.server()
        wait_until(self.answers(server, MERGED), "the merged data is served")
        for program in (client, server):
            program.kill()
        self.break_down(0, 1, 2)
        self.client()
        server = self.server()
        wait_until(self.answers(server, MERGED), "what was known is served")

    def test_a_new_server_has_data_within_a_second(self) -> None:
        client = self.client()
        client.wait_for("snapshot pushed", "items=4")
        server = self.server()
        server.wait_for("started")
        wait_until(self.answers(server, MERGED), "the data is served", 5)


class Tiers(SystemTestCase):
    def test_a_gateway_can_be_the_endpoint_of_another(self) -> None:
        self.client()
        lower = self.server()
        wait_until(self.answers(lower, MERGED), "the merged data is served")
        path = str(self.socket.with_name("upper.sock"))
        state = str(self.socket.with_name("upper.json"))
        url = f"0.1=http://127.0.0.1:{lower.port()}/"
        client = self.enterContext(
            Program("client", "--socket", path, "--state", state, "--endpoint", url)
        )
        upper = self.enterContext(
            Program("server", "--host", "127.0.0.1", "--port", "0", "--socket", path)
        )
        wait_until(self.answers(upper, MERGED), "the upper tier serves the same")
        client.wait_for("outcome=not-modified")
        self.serve(["eeeeeeee"], [], [])
        wait_until(self.answers(upper, ["eeeeeeee"]), "the change goes up")
