"""The state file under fault, with real clients and real files; `tests.faults.state` does more."""

import json
import os
import random
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from client.endpoint import Endpoint, parse_endpoint
from client.moment import Moment
from client.render import Edition
from client.results import Result
from client.state import State, StateError, decode, encode
from shared import boot_clock
from tests.demo.faults import FAULTS
from tests.faults import instants, model
from tests.faults.changing import Changing
from tests.faults.state import killed_clients
from tests.faults.subscriber import Subscriber, kept
from tests.faults.volume import Volume
from tests.polled import PolledTestCase
from tests.processes import Program, command
from tests.support import TestCase, wait_until

BOUND = 200_000  # kB that a client takes at the most, whatever lies in its state file's place
SEED = 6


def _fill(volume: Volume, what: str, _client: Program) -> None:
    volume.fill(what)


class Kills(TestCase):
    def test_a_writer_killed_at_any_instant_leaves_the_old_file_or_the_new_one(self) -> None:
        for way, items, stride in (
            ("call", 3, 1),
            ("system call", 3, 1),
            ("byte", 3, 7),
            ("byte", 10_000, 4999),
        ):
            with self.subTest(way, items=items):
                found = instants.surveyed(way, items, stride)
                if found.refused:
                    self.skipTest(found.refused)
                self.assertEqual(found.wrong, ())
                self.assertGreater(found.kills, 20)
                self.assertGreater(found.old, 0)
                self.assertGreater(found.beside, 0)
                if way != "byte":  # whose writer never comes to the renaming
                    self.assertGreater(found.new, 0)

    def test_what_clients_had_pushed_that_are_killed_at_random_is_in_the_file(self) -> None:
        tally = killed_clients(8, SEED)
        self.assertEqual(tally.wrong, [])
        self.assertGreater(tally.frames, 20)


class StateFaultsTestCase(PolledTestCase):
    """A test with a directory for the socket and the state file, and endpoints of the model."""

    def setUp(self) -> None:
        """Make them."""
        super().setUp()
        self.changing = [Changing(number, held=True) for number in range(2)]
        for number, changing in enumerate(self.changing):
            self.endpoints.play(f"/{number}", changing)

    def endpoint(self, number: int = 0) -> str:
        """Tell the setting for an endpoint, polled every 0.05 s."""
        return f"0.05={self.endpoints.url(f'/{number}')}"

    def client(self, folder: Path, *arguments: str, of: int = 1) -> Program:
        """Start a client of so many endpoints, with its files in a folder."""
        socket_path = str(folder / "snapshot.sock")
        chosen = [word for number in range(of) for word in ("--endpoint", self.endpoint(number))]
        return self.enterContext(Program("client", "--socket", socket_path, *chosen, *arguments))

    def server(self, folder: Path, client: Program) -> Subscriber:
        """Connect as a server to a client, once it is started."""
        client.wait_for("client started")
        return self.enterContext(Subscriber(folder / "snapshot.sock"))

    def configured(self, of: int = 1) -> list[Endpoint]:
        """Tell the endpoints of a client of so many."""
        return [parse_endpoint(self.endpoint(number)) for number in range(of)]

    def kept(self, path: Path, of: int = 1) -> model.Versions:
        """Tell what a state file holds; nothing where it is not there."""
        return kept(path, self.configured(of))

    def valid(self, of: int = 1) -> bytes:
        """Make the state file of a client that has just seen the first versions of so many."""
        results = {
            endpoint: Result("".join(model.items(number, 1)).encode(), boot_clock.now())
            for number, endpoint in enumerate(self.configured(of))
        }
        edition = Edition(bytes(range(16)), 1767323045)
        return b"".join(encode(State(edition, results), Moment.now()))


class WhatLiesInItsPlace(StateFaultsTestCase):
    def start(self, contents: dict[str, Callable[[Path], object]]) -> Iterator[tuple[str, Path]]:
        """Start a client for each of these, all at once; go on with each once it has pushed."""
        clients = dict[str, Program]()
        for name, make in contents.items():
            folder = self.folder / name
            folder.mkdir()
            make(folder / "state.json")
        for name in contents:
            clients[name] = self.client(self.folder / name)
        for name, client in clients.items():
            with self.subTest(name):
                client.wait_for("snapshot pushed")
                self.assertEqual(self.server(self.folder / name, client).versions(), (1,))
                self.assertEqual(len(client.logged("state not used, starting afresh")), 1)
                self.assertLess(client.peak(), BOUND)
                yield name, self.folder / name / "state.json"
                self.assertEqual(client.stop(), 0)

    def test_a_file_that_is_not_ours_is_a_warning_and_kept_aside(self) -> None:
        good = self.valid()
        document = json.loads(good)
        chance = random.Random(SEED)
        contents = {
            "truncated": good[: len(good) // 2],
            "without its last byte": good[:-1],
            "empty": b"",
            "older": json.dumps(document | {"version": 0}).encode(),
            "newer": json.dumps(document | {"version": 3}).encode(),
            "random bytes": chance.randbytes(10_000),
            "other JSON": b'{"version": "one", "endpoints": {}}',
        }
        makers: dict[str, Callable[[Path], object]] = {
            name: (lambda path, data=data: path.write_bytes(data))  # type: ignore[misc]
            for name, data in contents.items()
        }
        for name, path in self.start(makers):
            self.assertEqual(path.with_name("state.json.rejected").read_bytes(), contents[name])
            self.assertEqual(self.kept(path), (1,))

    def test_what_is_no_file_is_left_alone_and_neither_hangs_nor_fails_the_start(self) -> None:
        def listen(path: Path) -> None:
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(os.fspath(path))

        def link_to_fifo(path: Path) -> None:
            os.mkfifo(path.with_name("fifo"))
            path.symlink_to("fifo")

        makers: dict[str, Callable[[Path], object]] = {
            "directory": Path.mkdir,
            "FIFO": os.mkfifo,
            "socket": listen,
            "dangling link": lambda path: path.symlink_to("nowhere"),
            "link to itself": lambda path: path.symlink_to(path.name),
            "link to a FIFO": link_to_fifo,
            "link to a device": lambda path: path.symlink_to("/dev/zero"),
        }
        for _, path in self.start(makers):
            self.assertFalse(path.is_file())
            self.assertTrue(os.path.lexists(path))
            self.assertFalse(path.with_name("state.json.rejected").exists())

    def test_a_huge_file_is_not_read_and_a_heavy_one_not_taken_apart(self) -> None:
        def sparse(path: Path) -> None:
            path.touch()
            os.truncate(path, 2 << 30)

        makers: dict[str, Callable[[Path], object]] = {
            "sparse file of 2 GiB": sparse,
            "17 million objects": lambda path: path.write_bytes(
                b"[" + b"{}," * 16_700_000 + b"{}]"
            ),
        }
        for _, path in self.start(makers):
            self.assertTrue(path.with_name("state.json.rejected").exists())
            self.assertEqual(self.kept(path), (1,))

    def test_a_file_that_cannot_be_read_is_a_warning(self) -> None:
        if not os.geteuid():
            self.skipTest("root can read every file")

        def forbid(path: Path) -> None:
            path.write_text("{}")
            path.chmod(0)

        for _, path in self.start({"unreadable": forbid}):
            self.assertEqual(self.kept(path), (1,))


class Damage(StateFaultsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = Moment.now()
        self.good = self.valid(of=2)
        self.whole = self.read(self.good)

    def read(self, data: bytes) -> State:
        """Read a state file as of a moment that is always the same."""
        return decode(data, self.configured(2), self.now)

    def test_a_file_cut_at_any_byte_is_refused(self) -> None:
        for size in range(len(self.good)):
            with self.assertRaises(StateError, msg=f"{size} bytes"):
                self.read(self.good[:size])

    def test_bytes_of_another_file_in_its_midst_are_refused_or_change_nothing(self) -> None:
        chance = random.Random(SEED)
        for _ in range(500):
            data = bytearray(self.good)
            start = chance.randrange(len(data))
            data[start : start + chance.randrange(64)] = chance.randbytes(chance.randrange(64))
            try:
                found = self.read(bytes(data))
            except StateError:
                continue
            self.assertEqual(found, self.whole, data)


class Remembered(StateFaultsTestCase):
    def setUp(self) -> None:
        super().setUp()
        (self.folder / "state.json").write_bytes(self.valid(of=2))
        for number in range(2):
            self.endpoints.play(f"/{number}", FAULTS["hang"])

    def test_what_was_known_is_pushed_before_the_first_poll_ends(self) -> None:
        client = self.client(self.folder, "--timeout", "100", of=2)
        client.wait_for("started", "remembered=2")
        self.assertEqual(self.server(self.folder, client).versions(2), (1, 1))
        self.assertFalse(client.logged("polled") + client.logged("poll failed"))

    def test_an_endpoint_that_was_removed_from_the_configuration_leaves_with_it(self) -> None:
        client = self.client(self.folder, of=1)
        client.wait_for("started", "remembered=1")
        self.assertEqual(self.server(self.folder, client).versions(), (1,))
        wait_until(lambda: self._names() == {self.configured()[0].name}, "it leaves the file")
        client.kill()
        again = self.client(self.folder, of=2)
        again.wait_for("started", "remembered=1")

    def _names(self) -> set[str]:
        document = json.loads((self.folder / "state.json").read_bytes())
        return {entry["name"] for entry in document["endpoints"]}

    def test_without_a_state_file_nothing_is_read_or_written(self) -> None:
        before = (self.folder / "state.json").read_bytes()
        self.endpoints.play("/0", self.changing[0])
        client = self.client(self.folder, "--state", "none")
        client.wait_for("started", "remembered=0")
        server = self.server(self.folder, client)
        self.assertEqual(server.versions(), (1,))
        self.changing[0].advance()
        self.assertEqual(server.versions(), (2,))
        self.assertEqual(client.stop(), 0)
        self.assertEqual(os.listdir(self.folder), ["state.json"])
        self.assertEqual((self.folder / "state.json").read_bytes(), before)


class Refused(StateFaultsTestCase):
    """A disk that refuses under way."""

    def unsaved(self, folder: Path) -> str:
        """Return why a client could not save its state, as its status has it."""
        words = ("client", "status", "--json", "--socket", str(folder / "snapshot.sock"))
        return str(json.loads(command(*words).output)["state"]["reason"])

    def check(
        self,
        folder: Path,
        begin: Callable[[Program], object],
        end: Callable[[Program], object],
    ) -> None:
        """Have a client go on while the fault lasts, whose file is in `inner`; then keep all."""
        path = folder / "inner" / "state.json"
        path.parent.mkdir()
        client = self.client(folder, "--state", str(path))
        server = self.server(folder, client)
        before = server.versions()
        begin(client)
        try:
            for _ in range(5):
                version = self.changing[0].advance()
                self.assertEqual(server.versions(), (version,))
            client.wait_for("state not saved")
            self.assertEqual(len(client.logged("state not saved")), 1)
            self.assertNotEqual(self.unsaved(folder), "")
            self.assertEqual(self.kept(path), before if path.exists() else ())
            self.assertFalse(os.path.lexists(path.with_name("state.json.new")), "no half of one")
        finally:
            end(client)
        last = self.changing[0].advance()
        self.assertEqual(server.versions(), (last,))
        wait_until(lambda: self.kept(path) == (last,), "the file is written again")
        wait_until(lambda: self.unsaved(folder) == "", "the status says so")
        self.assertEqual(client.stop(), 0)
        warnings = [line for line in client.logged(" warning ") if "beats missed" not in line]
        self.assertEqual(len(warnings), 1)  # that beats are missed is a slow machine's

    def test_a_file_that_must_not_grow_stops_nothing(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

        def limit(client: Program, size: int) -> None:
            resource.prlimit(client.pid, resource.RLIMIT_FSIZE, (size, hard))

        self.check(
            self.folder,
            lambda client: limit(client, 100),
            lambda client: limit(client, hard),
        )

    def test_a_volume_without_room_for_a_byte_or_a_file_stops_nothing(self) -> None:
        for what in ("bytes", "files"):
            with self.subTest(what), self.volume() as volume:
                self.check(volume.path, partial(_fill, volume, what), lambda _: volume.empty())

    def test_a_volume_that_turns_read_only_stops_nothing(self) -> None:
        with self.volume() as volume:
            self.check(
                volume.path,
                lambda _: volume.remount("ro"),
                lambda _: volume.remount("rw"),
            )

    def test_a_directory_that_turns_read_only_stops_nothing(self) -> None:
        if not os.geteuid():
            self.skipTest("root can write to every directory")
        inner = self.folder / "inner"
        self.check(self.folder, lambda _: inner.chmod(0o500), lambda _: inner.chmod(0o700))

    def test_a_directory_that_is_removed_stops_nothing(self) -> None:
        inner = self.folder / "inner"
        self.check(self.folder, lambda _: shutil.rmtree(inner), lambda _: inner.mkdir())

    def volume(self) -> Volume:
        """Make a volume, or skip the test."""
        if reason := Volume.obstacle():
            self.skipTest(reason)
        return Volume()
