"""Frames: the bytes on the snapshot socket."""

import struct
import zlib

from shared.frame import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    FrameError,
    checksum,
    decode_header,
    decode_snapshot,
    encode_renewal,
    encode_snapshot,
)
from shared.snapshot import Snapshot
from tests.support import TestCase

SNAPSHOT = Snapshot(2, b'["630e1244","5f4a8990"]', b"packed", b"i" * 16, b"g" * 16, 1767323045)


def header(snapshot: Snapshot = SNAPSHOT, age: float = 1.5) -> bytes:
    """Render the header of a snapshot frame."""
    return bytes(encode_snapshot(snapshot, age, checksum(snapshot))[0])


def altered(offset: int, value: bytes) -> bytes:
    """Render a header with other bytes at an offset, and the checksum that goes with them."""
    fields = bytearray(header()[:-4])
    fields[offset : offset + len(value)] = value
    return bytes(fields) + zlib.crc32(fields).to_bytes(4, "big")


class Frames(TestCase):
    def test_a_snapshot_comes_out_as_it_went_in(self) -> None:
        first, identity, gzip = encode_snapshot(SNAPSHOT, 1.5, checksum(SNAPSHOT))
        read = decode_header(bytes(first))
        self.assertEqual((read.kind, read.age, len(first)), (b"S", 1.5, HEADER_SIZE))
        found = zlib.crc32(bytes(identity) + bytes(gzip))
        self.assertEqual(decode_snapshot(read, identity, gzip, found), SNAPSHOT)

    def test_a_renewal_names_its_snapshot_and_carries_no_payload(self) -> None:
        frame = encode_renewal(SNAPSHOT, 60.0)
        read = decode_header(frame)
        self.assertEqual(len(frame), HEADER_SIZE)
        self.assertEqual((read.kind, read.age, read.identity_digest), (b"R", 60.0, b"i" * 16))
        self.assertEqual((read.identity_length, read.gzip_length), (0, 0))

    def test_the_layout_is_the_documented_one(self) -> None:
        self.assertEqual(HEADER_SIZE, 88)
        self.assertEqual(header()[:5], b"GWS1S")
        self.assertEqual(struct.unpack_from(">dQQ", header(), 8), (1.5, 1767323045, 2))
        self.assertEqual(struct.unpack_from(">QQ", header(), 64), (23, 6))

    def test_any_flipped_byte_of_the_header_is_an_error(self) -> None:
        whole = header()
        for offset in range(HEADER_SIZE):
            broken = bytearray(whole)
            broken[offset] ^= 0x40
            with self.subTest(offset), self.assertRaises(FrameError):
                decode_header(bytes(broken))

    def test_a_header_that_says_nonsense_is_an_error_even_with_the_right_checksum(self) -> None:
        cases = {
            "another version": (0, b"GWS2"),
            "an unknown kind": (4, b"X"),
            "an age before the epoch": (8, struct.pack(">d", -1.0)),
            "an age without end": (8, struct.pack(">d", float("inf"))),
            "an age that is no number": (8, struct.pack(">d", float("nan"))),
            "a huge payload": (64, struct.pack(">Q", MAX_PAYLOAD + 1)),
            "a huge payload in two parts": (64, struct.pack(">QQ", MAX_PAYLOAD, 1)),
            "a renewal with a payload": (4, b"R"),
        }
        for name, (offset, value) in cases.items():
            with self.subTest(name), self.assertRaises(FrameError):
                decode_header(altered(offset, value))

    def test_the_largest_payload_is_taken(self) -> None:
        read = decode_header(altered(64, struct.pack(">QQ", MAX_PAYLOAD - 1, 1)))
        self.assertEqual(read.identity_length + read.gzip_length, MAX_PAYLOAD)

    def test_a_payload_with_a_wrong_checksum_is_an_error_that_tells_both(self) -> None:
        with self.assertRaisesRegex(FrameError, f"0000002a, not {checksum(SNAPSHOT):08x}"):
            decode_snapshot(decode_header(header()), SNAPSHOT.identity, SNAPSHOT.gzip, 42)

    def test_the_size_counts_both_codings(self) -> None:
        self.assertEqual(SNAPSHOT.size, 29)
