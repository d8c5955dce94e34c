"""The claim on the socket's path."""

import errno
import fcntl
import os
import socket
import tempfile
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

from client.claim import Claim, ClaimError
from tests.support import TestCase


class Claims(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "snapshot.sock"

    def claim(self) -> Claim:
        """Claim the path for this test."""
        claim = Claim(self.path)
        self.addCleanup(claim.release)
        return claim

    def test_a_claimed_path_can_be_connected_to(self) -> None:
        claim = self.claim()
        self.assertTrue(claim.in_place())
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(os.fspath(self.path))
        self.assertEqual(os.listdir(self.path.parent), ["snapshot.sock"])

    def test_a_path_whose_client_listens_is_left_to_it(self) -> None:
        first = self.claim()
        with self.assertRaisesRegex(ClaimError, "another client is listening"):
            Claim(self.path)
        self.assertTrue(first.in_place())

    def test_a_client_whose_queue_is_full_still_listens(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(os.fspath(self.path))
        listener.listen(0)
        for _ in range(4):
            caller = socket.socket(socket.AF_UNIX)
            self.addCleanup(caller.close)
            caller.setblocking(False)
            caller.connect_ex(os.fspath(self.path))
        with self.assertRaisesRegex(ClaimError, "another client is listening"):
            Claim(self.path)

    def test_a_stale_socket_is_replaced(self) -> None:
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(os.fspath(self.path))
        inode = self.path.stat().st_ino
        self.claim()
        self.assertNotEqual(self.path.stat().st_ino, inode)

    def test_a_stale_socket_makes_room_for_another_on_a_full_volume(self) -> None:
        for stale in (True, False):
            if stale:
                with socket.socket(socket.AF_UNIX) as gone:
                    gone.bind(os.fspath(self.path))
            with self.subTest(stale), mock.patch.object(socket, "socket", self._on_a_full_volume()):
                if stale:
                    self.claim().release()
                else:
                    with self.assertRaisesRegex(ClaimError, "No space left on device"):
                        Claim(self.path)

    def _on_a_full_volume(self) -> type[socket.socket]:
        """Tell of sockets that find no room for a file where there is none, and no more than it."""
        folder, is_full = self.path.parent, not self.path.exists()

        class Socket(socket.socket):
            def bind(self, address: Any) -> None:
                if is_full or os.listdir(folder):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                super().bind(address)

        return Socket

    def test_what_a_client_left_behind_in_mid_claim_is_no_obstacle(self) -> None:
        self.path.with_name(f".{zlib.crc32(b'snapshot.sock'):08x}.new").touch()
        self.claim()
        self.assertEqual(os.listdir(self.path.parent), ["snapshot.sock"])

    def test_a_file_that_is_no_socket_is_not_replaced(self) -> None:
        self.path.write_text("precious")
        with self.assertRaisesRegex(ClaimError, "a file is there that is not a socket; remove it"):
            Claim(self.path)
        self.assertEqual(self.path.read_text(), "precious")

    def test_a_directory_that_is_gone_is_told(self) -> None:
        self.path.parent.joinpath("inner").mkdir()
        path = self.path.parent / "inner" / "snapshot.sock"
        path.parent.rmdir()
        with self.assertRaisesRegex(ClaimError, os.strerror(errno.ENOENT)):
            Claim(path)

    def test_a_system_that_is_short_of_descriptors_is_told(self) -> None:
        short = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        with (
            mock.patch.object(socket, "socket", side_effect=short),
            self.assertRaisesRegex(ClaimError, "Too many open files"),
        ):
            Claim(self.path)

    def test_two_that_start_at_once_do_not_both_succeed(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        with self.assertRaisesRegex(ClaimError, "another client is just starting"):
            Claim(self.path)

    def test_the_longest_path_that_the_system_takes_is_taken(self) -> None:
        room = 107 - len(os.fspath(self.path.parent)) - 1
        self.path = self.path.parent / ("s" * room)
        self.claim()
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(os.fspath(self.path))

    def test_a_release_removes_its_own_socket_only(self) -> None:
        first = self.claim()
        os.unlink(self.path)
        self.assertFalse(first.in_place())
        second = self.claim()
        first.release()
        self.assertTrue(second.in_place())
        second.release()
        self.assertFalse(self.path.exists())
