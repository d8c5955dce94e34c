"""A thousand slow and hostile peers at a real server: each ends in its time, none disturbs."""

from tests.misbehaving import (
    DRIPS_BODY,
    DRIPS_CHUNKS,
    DRIPS_HEAD,
    ENDLESS_FIELDS,
    ENDLESS_REQUESTS,
    HALF_OPEN,
    IDLE,
    LEAVING,
    LONG_HEAD,
    MISS,
    OUTSTAYING,
    READS_NOTHING,
    SILENT,
    Crowd,
    Ending,
    Kind,
    Neighbour,
    may_vanish,
)
from tests.samples import snapshot
from tests.servers import FedTestCase
from tests.support import DEADLINE, wait_until

SMALL = snapshot(padding=100)
LARGE = snapshot(padding=100_000)


class AThousand(FedTestCase):
    def test_each_ends_in_its_time_and_none_disturbs_or_leaves_anything_behind(self) -> None:
        self.need_descriptors(1200)
        self.feed(LARGE)
        server = self.fed_server("--limit", "2000", "--idle-timeout", str(IDLE))
        before = server.open_files()
        kinds = OUTSTAYING + LEAVING + (HALF_OPEN if may_vanish() else ())
        crowd = Crowd(self, server)
        with Neighbour(self, server, bytes(LARGE.identity)) as neighbour:
            for kind in kinds:
                crowd.join(kind, 1000 // len(kinds) + 1)
            crowd.until_all_have_ended(5 * IDLE)
        for kind in kinds:
            with self.subTest(kind.name):
                self._check(kind, [ending for ending in crowd.endings if ending.kind is kind])
        self.assertEqual(list(neighbour.answers), ["whole"])
        self.assertGreater(neighbour.answers.total(), 20)
        wait_until(lambda: server.open_files() == before, "no connection is left", 5 * IDLE)
        self.assertEqual(server.stop(), 0)
        self.assertTrue(server.logged("served clients=0 "), "no slot is left taken")
        self.assertFalse(server.logged(" error ") + server.logged(" warning "))

    def _check(self, kind: Kind, endings: list[Ending]) -> None:
        self.assertEqual({ending.how for ending in endings}, {kind.ends})
        if kind in OUTSTAYING and kind is not ENDLESS_FIELDS:
            self.assertGreater(min(ending.after for ending in endings), IDLE)

    def test_half_open_ones_are_given_up(self) -> None:
        if not may_vanish():
            self.skipTest("only root, or who has CAP_NET_ADMIN, may close a socket silently")
        self.feed(LARGE)
        server = self.fed_server("--idle-timeout", "0.5")
        before = server.open_files()
        crowd = Crowd(self, server)
        for kind in HALF_OPEN:
            crowd.join(kind, 10)
        crowd.until_all_have_ended(DEADLINE)
        wait_until(lambda: server.open_files() == before, "they are given up", 2.5)


class Memory(FedTestCase):
    """What a thousand peers of a kind cost the server, who stay for as long as they like."""

    def setUp(self) -> None:
        super().setUp()
        self.need_descriptors(1200)

    def growth(self, kind: Kind) -> int:
        """Have a thousand of a kind; tell how much larger the server is then, in kB."""
        server = self.fed_server("--limit", "2000", "--idle-timeout", "600")
        self.assertEqual(self.connect(server).ask(MISS).status, 404)
        before, small = server.open_files(), server.resident()
        crowd = Crowd(self, server)
        crowd.join(kind, 1000)
        wait_until(lambda: server.open_files() == before + 1000, "all are accepted")
        crowd.take_turns(3)
        self.assertEqual(self.connect(server).ask(MISS).status, 404)
        large = server.resident()
        crowd.close()
        server.kill()
        return large - small

    def test_who_is_slow_costs_a_few_kilobytes(self) -> None:
        self.feed(SMALL)
        for kind in (SILENT, DRIPS_HEAD, DRIPS_BODY, DRIPS_CHUNKS):
            with self.subTest(kind.name):
                self.assertLess(self.growth(kind), 1000 * 8)

    def test_who_sends_much_costs_no_more_than_is_read_of_it(self) -> None:
        """A head is read up to 16 kB, and more requests only when one is answered."""
        self.feed(SMALL)
        for kind in (LONG_HEAD, ENDLESS_REQUESTS):
            with self.subTest(kind.name):
                self.assertLess(self.growth(kind), 1000 * 40)

    def test_who_is_sent_much_costs_no_copy_of_it(self) -> None:
        """Of the 1,000 answers under way, 11 MB each."""
        self.feed(snapshot(padding=1_000_000))
        self.assertLess(self.growth(READS_NOTHING), 1000 * 8)
