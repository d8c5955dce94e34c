"""Endpoints: a third-party URL and the period in which it publishes new data."""

import functools
import hashlib
import re
from dataclasses import dataclass

from client.redaction import redact_query
from client.url import Url, parse_url
from shared import settings

LEAST_PERIOD = 0.01  # seconds
MOST_TIMEOUT = 10.0  # seconds, unless the user says otherwise

_parse_period = settings.seconds(LEAST_PERIOD)

# Where the next endpoint begins, for whom a comma separates them: it may stand in a URL.
_JOINED = re.compile(r"[,;][0-9.]+=https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the configuration."""

    period: float
    """Seconds between two polls."""
    url: Url

    @functools.cached_property
    def name(self) -> str:
        """The URL without its secrets, for logs."""
        bare = redact_query(self.url.bare)
        return bare if self.url.authorization is None else bare.replace("://", "://***@", 1)

    def timeout(self, configured: float | None) -> float:
        """Tell how long one poll may take, in seconds."""
        return min(MOST_TIMEOUT, 0.9 * self.period) if configured is None else configured

    @property
    def key(self) -> str:
        """What the state file knows the endpoint by: a digest of its URL, with the user.

        Without the password: guesses at it could be tried against the file, and a new one is no
        reason to forget what the endpoint sent last.
        """
        user, _ = self.url.credentials
        known = self.url.bare.encode() + b"\n" + user
        return hashlib.blake2b(known, digest_size=16).hexdigest()


def split_endpoints(text: str) -> list[str]:
    """Split a variable at the blanks before each `SECONDS=URL`.

    A blank elsewhere is one in a URL, which is to be refused as a whole: cut in two, it could show
    a part of a password.
    """
    return re.split(r"\s+(?=[0-9.]+=|[^\s=]*=https?://)", text.strip(), flags=re.IGNORECASE)


def parse_endpoint(text: str) -> Endpoint:
    """Parse `SECONDS=URL`. Raises ValueError, saying what would be right."""
    period, equals, url = text.partition("=")
    if not equals:
        raise ValueError("want SECONDS=URL, such as 15=http://example.org/data")
    if _JOINED.search(url):
        raise ValueError("want white space between endpoints, or each in an argument of its own")
    return Endpoint(_parse_period(period), parse_url(url))
