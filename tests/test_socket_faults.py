"""The snapshot socket under fault, with real programs; `tests.faults.wires` does more."""

import os
import signal
import socket
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from shared import frame
from tests.demo.behaviours import array
from tests.faults import wires
from tests.faults.changing import Changing
from tests.faults.subscriber import Caller, Subscriber
from tests.faults.volume import Volume
from tests.faults.wires import Stranger, good, send
from tests.polled import PolledTestCase
from tests.processes import Program
from tests.servers import ServerTestCase
from tests.support import DEADLINE, wait_until


class SpoiltFrames(ServerTestCase):
    def test_a_server_takes_no_frame_that_was_cut_or_changed_and_heals_at_once(self) -> None:
        for name, spoilt in (
            ("cut", wires.cuts(good(1), 12)),
            ("flipped", wires.flips(good(1), 61)),
        ):
            with self.subTest(name):
                tally = wires.spoil(spoilt)
                self.assertEqual(tally.wrong, [])
                self.assertGreater(tally.frames, 20)
                self.assertLess(tally.slowest, 5 * wires.HEALED)

    def test_a_huge_announced_length_takes_no_memory_and_silence_no_data(self) -> None:
        with Stranger(self.socket) as stranger:
            server = self.server()
            caller = self.enterContext(Caller(server.port()))
            with stranger.accept() as connection:
                send(connection, good(1))
                wait_until(lambda: caller.versions() == (1,), "it is served")
            before = server.peak()
            for number, spoilt in enumerate(self._lies(), start=2):
                with stranger.accept() as connection:
                    send(connection, spoilt)
                    end = time.monotonic() + 0.1
                    while time.monotonic() < end:
                        self.assertEqual(caller.versions(), (number - 1,))
                with stranger.accept() as connection:
                    send(connection, good(number))
                    wait_until(lambda: caller.versions() == (number,), "it heals")  # noqa: B023
            self.assertLess(server.peak() - before, 20_000)

    def _lies(self) -> list[bytes]:
        """Make headers whose checksums are right, and that are not; the last are kept waiting."""
        header = good(1)[: frame.HEADER_SIZE]
        lies = [header.replace(b"GWS1", b"GWS2"), header.replace(b"GWS1", b"HTTP")]
        for length in (frame.MAX_PAYLOAD + 1, 1 << 40, (1 << 63) - 1, 1 << 63, frame.MAX_PAYLOAD):
            fields = bytearray(header[:-4])
            struct.pack_into(">QQ", fields, 64, length, 0)
            lies.append(bytes(fields) + struct.pack(">I", zlib.crc32(fields)))
        return [*lies, good(1)[:50], good(1)[:200]]


@dataclass
class World:
    """A client, and a server that is connected to it, in a directory of their own."""

    folder: Path
    client: Program
    changing: Changing
    caller: Caller
    rest: list[object] = field(default_factory=list)
    """What lasts as long as the fault."""

    @property
    def socket(self) -> Path:
        """The socket's path."""
        return self.folder / "run" / "snapshot.sock"


class Worlds(PolledTestCase):
    """A test with clients and servers; the endpoints are polled every 0.05 s."""

    def worlds(self, *names: str) -> dict[str, World]:
        """Make so many, at once; go on when each server has data."""
        started = dict[str, tuple[Changing, Program, Program]]()
        for name in names:
            run = self.folder / name / "run"
            run.mkdir(parents=True)
            changing = Changing(held=True)
            self.endpoints.play(f"/{name}", changing)
            client = self.client(run, self.endpoints.url(f"/{name}"))
            started[name] = changing, client, self.server(run)
        made = dict[str, World]()
        for name, (changing, client, server) in started.items():
            caller = self.enterContext(Caller(server.port()))
            wait_until(lambda: caller.versions() == (1,), "it has data")  # noqa: B023
            made[name] = World(self.folder / name, client, changing, caller)
        return made

    def client(self, run: Path, url: str, period: float = 0.05) -> Program:
        """Start a client of one endpoint, polled every so many seconds."""
        path, state = str(run / "snapshot.sock"), str(self.folder / f"{run.parent.name}.json")
        return self.enterContext(
            Program(
                "client",
                "--socket",
                path,
                "--state",
                state,
                "--endpoint",
                f"{period:g}={url}",
                "--timeout",
                "10",
            )
        )

    def server(self, run: Path) -> Program:
        """Start a server."""
        path = str(run / "snapshot.sock")
        arguments = ("--host", "127.0.0.1", "--port", "0", "--socket", path)
        return self.enterContext(Program("server", *arguments))


Act = Callable[[World], object]


class ThePath(Worlds):
    """What happens to the socket's file: all at once, each to a client of its own."""

    def test_whatever_is_at_the_path_servers_keep_what_they_have_and_heal_after(self) -> None:
        faults: dict[str, tuple[Act, Act]] = {
            "removed": (lambda world: world.socket.unlink(), _nothing),
            "file": (_replaced(lambda path: path.write_text("x")), lambda w: w.socket.unlink()),
            "directory": (_replaced(Path.mkdir), lambda world: world.socket.rmdir()),
            "link": (
                _replaced(lambda path: path.symlink_to("nowhere")),
                lambda world: world.socket.unlink(),
            ),
            "moved-away": (
                lambda world: world.socket.parent.rename(world.folder / "away"),
                lambda world: (world.folder / "away").rename(world.socket.parent),
            ),
            "stranger-dies": (_strange, _strangers_end),
            "stranger-sends-garbage": (_strange_garbage, _strangers_end),
        }
        worlds = self.worlds(*faults)
        for name, world in worlds.items():
            faults[name][0](world)
        for name, world in worlds.items():
            with self.subTest(name):
                world.client.wait_for("socket file lost")
                self.assertEqual(world.caller.versions(), (1,))
        for name, world in worlds.items():
            faults[name][1](world)
        self.check_healed(worlds, 2)

    def check_healed(self, worlds: dict[str, World], version: int) -> None:
        """See that the old servers and new ones get what comes next, within the deadline."""
        ended = time.monotonic()
        for world in worlds.values():
            world.changing.advance()
        new = {
            name: self.server(world.socket.parent)
            for name, world in worlds.items()
            if world.socket.parent.exists()
        }
        for name, world in worlds.items():
            with self.subTest(name), Caller(new[name].port()) as caller:
                for each in (world.caller, caller):
                    wait_until(
                        lambda each=each: each.versions() == (version,),  # type: ignore[misc]
                        f"{name}: the next version is served",
                        ended + 5 * wires.HEALED - time.monotonic(),
                    )

    def test_a_server_leaves_a_silent_stranger_whose_file_is_not_there_any_more(self) -> None:
        worlds = self.worlds("silent")
        world = worlds["silent"]
        _strange(world)
        (stranger,) = world.rest
        assert isinstance(stranger, Stranger)
        new = self.server(world.socket.parent)
        with stranger, stranger.accept():
            new.wait_for("connected to the client")
            world.socket.unlink()
            world.changing.advance()
            with Caller(new.port()) as caller:
                wait_until(lambda: caller.versions() == (2,), "it has left", 5 * wires.HEALED)
        self.assertEqual(world.caller.versions(), (2,))

    def test_a_volume_that_takes_no_socket_is_told_once_and_the_socket_put_back_after(self) -> None:
        if reason := Volume.obstacle():
            self.skipTest(reason)
        self.endpoints.play("/full", Changing(held=True))
        with Volume() as volume, ExitStack() as programs:
            arguments = ("--socket", str(volume.path / "snapshot.sock"), "--state", "none")
            endpoint = ("--endpoint", f"0.05={self.endpoints.url('/full')}")
            volume.fill("files")
            refused = programs.enter_context(Program("client", *arguments, *endpoint))
            self.assertIn("a socket cannot be made there: No space", refused.refusal())
            volume.empty()
            client = programs.enter_context(Program("client", *arguments, *endpoint))
            client.wait_for("snapshot pushed")
            (volume.path / "snapshot.sock").rename(volume.path / "moved")
            # Not full again: a file that is lost gives its room to the one that is made for it.
            volume.remount("ro")
            client.wait_for("socket file cannot be put back", "Read-only file system")
            volume.remount("rw")
            client.wait_for("socket file put back")
            with Subscriber(volume.path / "snapshot.sock") as server:
                self.assertEqual(server.versions(), (1,))
            self.assertEqual(len(client.logged("cannot be put back")), 1)


def _nothing(_: World) -> None:
    """Leave it to the client."""


def _replaced(make: Callable[[Path], object]) -> Act:
    def replace(world: World) -> None:
        world.socket.unlink()
        make(world.socket)

    return replace


def _strange(world: World) -> None:
    world.socket.unlink()
    world.rest.append(Stranger(world.socket))


def _strange_garbage(world: World) -> None:
    """Send garbage to each who connects, and have a server try."""
    _strange(world)
    (stranger,) = world.rest
    assert isinstance(stranger, Stranger)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(os.fspath(world.socket))
        with stranger.accept() as connection:
            send(connection, b"\xff" * 1000)


def _strangers_end(world: World) -> None:
    for stranger in world.rest:
        assert isinstance(stranger, Stranger)
        stranger.close()


class Standstill(Worlds):
    def test_who_was_stopped_by_a_signal_has_the_newest_soon_after(self) -> None:
        world = self.worlds("stopped")["stopped"]
        server = self.server(world.socket.parent)
        with Caller(server.port()) as caller:
            wait_until(lambda: caller.versions() == (1,), "it has data")
            world.client.send(signal.SIGSTOP)
            world.changing.advance()
            self.assertEqual(caller.versions(), (1,))
            world.client.send(signal.SIGCONT)
            wait_until(lambda: caller.versions() == (2,), "the client goes on")
            server.send(signal.SIGSTOP)
            world.changing.go_on()
            wait_until(lambda: world.caller.versions() >= (8,), "the other one is served")
            last = world.changing.hold()
            server.send(signal.SIGCONT)
            wait_until(lambda: caller.versions() == (last,), "the server goes on")
            self.assertEqual(len(server.logged("connected to the client")), 1)


class HostileServers(Worlds):
    """Peers in the place of servers, beside a good one, at a client with a large snapshot."""

    def setUp(self) -> None:
        super().setUp()
        run = self.folder / "hostile" / "run"
        run.mkdir(parents=True)
        self.path = run / "snapshot.sock"
        self.number = 0
        self.heavy = [f"{zlib.crc32(b'%d' % number):08x}" for number in range(100_000)]
        self.change()
        self.program = self.client(run, self.endpoints.url("/hostile"), 0.25)
        self.program.wait_for("snapshot pushed")
        self.good = self.enterContext(Subscriber(self.path))
        self.check_change()
        self.before = self._resources()

    def change(self) -> None:
        """Have the endpoint send 1 MB that were not there before."""
        self.number += 1
        self.endpoints.play("/hostile", array([f"{self.number:08d}", *self.heavy]))

    def check_change(self) -> None:
        """See that a change comes to the good server, and that the client has not grown for it."""
        self.change()
        while bytes(self.good.snapshot().identity[2:10]) != b"%08d" % self.number:
            continue

    def _resources(self) -> tuple[int, int]:
        process = Path(f"/proc/{self.program.pid}")
        return len(os.listdir(process / "fd")), self.program.peak()

    def check_unharmed(self) -> None:
        """See that all descriptors are back, few threads there, and no memory was taken."""
        files, memory = self.before
        wait_until(lambda: self._resources()[0] <= files, "all descriptors are given back")
        self.assertLess(self.program.peak() - memory, 60_000)
        self.assertLessEqual(len(os.listdir(f"/proc/{self.program.pid}/task")), 5)
        self.assertFalse(self.program.logged("Traceback") + self.program.logged("poll failed"))

    def peers(self, count: int) -> list[socket.socket]:
        """Connect so many."""
        made = []
        for _ in range(count):
            peer = self.enterContext(socket.socket(socket.AF_UNIX))
            peer.connect(os.fspath(self.path))  # waits where the client's queue is full
            peer.settimeout(DEADLINE)
            made.append(peer)
        return made

    def test_three_hundred_that_never_read_harm_nobody(self) -> None:
        peers = self.peers(300)
        self.program.wait_for("server connected", "servers=301")
        for _ in range(2):
            self.check_change()
        for peer in peers:
            peer.close()
        self.check_unharmed()

    def test_who_sips_talks_or_leaves_by_halves_harms_nobody(self) -> None:
        sipping, talking, halved = self.peers(3)
        talking.sendall(b"\xff" * 100)
        halved.shutdown(socket.SHUT_WR)
        for _ in range(3):
            self.assertEqual(len(sipping.recv(1)), 1)
            self.check_change()
        for peer in (talking, halved):
            with suppress(ConnectionResetError):
                while peer.recv(1 << 20):
                    continue
        sipping.close()
        self.check_unharmed()

    def test_hundreds_that_come_and_leave_at_once_harm_nobody(self) -> None:
        for number in range(400):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(os.fspath(self.path))
                if number % 2:
                    peer.recv(1)
        self.check_change()
        self.check_unharmed()
