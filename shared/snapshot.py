"""The snapshot: the merged, deduplicated data of one moment, ready to be sent over HTTP."""

from dataclasses import dataclass

Payload = bytes | bytearray | memoryview
"""Never copied, since that stops the loop for milliseconds: as it was rendered, or received."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the data in both content codings; nothing in it changes with the clock."""

    items: int
    """How many strings the array holds."""
    identity: Payload
    """The JSON array itself, compact, in UTF-8."""
    gzip: Payload
    """The same in the content coding gzip (RFC 9110, 8.4.1.3)."""
    identity_digest: bytes
    """16 bytes that no other body has: the entity tag of the identity coding."""
    gzip_digest: bytes
    """Likewise for the gzip coding: one entity tag never names two sequences of bytes."""
    last_modified: int
    """When the data changed last, in seconds since the epoch; see `client.render.stamp`."""

    @property
    def size(self) -> int:
        """The bytes of both codings together."""
        return len(self.identity) + len(self.gzip)
