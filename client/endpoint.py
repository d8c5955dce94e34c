"""Endpoints: a third-party URL and the period in which it publishes new data."""

import functools
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from client.url import Url, parse_url, redact_query
from shared import settings
from shared.text import shown

LEAST_PERIOD = 0.01  # seconds
MOST_TIMEOUT = 10.0  # seconds, unless the user says otherwise

MIN_SECRET = 4  # characters; shorter ones cannot be told from other text

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

    def conceal(self, text: str) -> str:
        """Take this endpoint's secrets out of a text, such as an answer that repeats them."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    @functools.cached_property
    def _secrets(self) -> list[str]:
        """User, password, both as they are sent, and the values of the query; the longest first."""
        user, password = self.url.credentials
        _, _, query = self.url.target.partition("?")
        values = [each.partition("=")[2] if "=" in each else each for each in query.split("&")]
        secrets = [user, password, user + b":" + password]
        secrets += [unquote_to_bytes(each) for each in values]
        secrets += [unquote_to_bytes(each.replace("+", " ")) for each in values]
        found = {(self.url.authorization or "").removeprefix("Basic "), *values}
        found = found.union(*map(_forms, secrets))
        return sorted((s for s in found if len(s) >= MIN_SECRET), key=len, reverse=True)

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


def _forms(secret: bytes) -> set[str]:
    """Return a secret as it may stand in a reason: decoded, escaped, or percent-encoded."""
    decoded = {secret.decode(errors="backslashreplace"), secret.decode("latin-1")}
    return decoded | {shown(each, len(each)) for each in decoded} | {quote(secret, safe="")}


def parse_endpoint(text: str) -> Endpoint:
    """Parse `SECONDS=URL`. Raises ValueError, saying what would be right."""
    period, equals, url = text.partition("=")
    if not equals:
        raise ValueError(
            "want SECONDS=URL, such as 15=http://example.org/data; a blank in a URL is %20"
        )
    if _JOINED.search(url):
        raise ValueError("want white space between endpoints, or each in an argument of its own")
    return Endpoint(_parse_period(period), parse_url(url))
