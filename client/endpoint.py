"""Endpoints: a third-party URL and the period in which it publishes new data."""

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from shared import settings

LEAST_PERIOD = 0.01  # seconds
MOST_TIMEOUT = 10.0  # seconds, unless the user says otherwise

LEAST_SECRET = 4  # characters; shorter ones cannot be told from other text

_parse_period = settings.seconds(LEAST_PERIOD)

# RFC 1123, 2.1, and the underscore, which is in use: labels of 63 characters at the most.
_HOST = re.compile(r"(?=.{1,254}$)[0-9a-z_-]{1,63}(\.[0-9a-z_-]{1,63})*\.?")

# The seconds and the scheme of what was meant as an endpoint, then all that may be credentials.
_CREDENTIALS = re.compile(
    r"((?:[^=@:/]*=)?(?:[a-z][a-z0-9+.-]*://)?).*@", re.IGNORECASE | re.DOTALL
)

# What stands behind the first colon of an authority, where that is no port.
_PASSWORD = re.compile(r"://[^/?#@:[\]]*:(?![0-9]*(?:[/?#]|$))[^/?#@]*")

_UNREADABLE = "want a URL that can be read, of the form http://HOST:PORT/PATH"

# Where the next endpoint begins, for whom a comma separates them: it may stand in a URL.
_JOINED = re.compile(r"[,;][0-9.]+=https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Url:
    """An `http` or `https` URL, taken apart for a request."""

    scheme: str
    host: str
    port: int
    target: str
    """The request target in origin-form, RFC 9112, 3.2.1."""
    authorization: str | None = None
    """The value of the Authorization field where the URL names a user, RFC 7617."""

    @property
    def credentials(self) -> tuple[str, str]:
        """User and password; empty where the URL names none."""
        encoded = (self.authorization or "").removeprefix("Basic ")
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return user, password

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be the same for credentials to be sent again, RFC 6454."""
        return self.scheme, self.host, self.port

    @property
    def bare(self) -> str:
        """The URL without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = {"http": 80, "https": 443}[self.scheme]
        port = "" if self.port == standard else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the configuration."""

    period: float
    """Seconds between two polls."""
    url: Url

    @functools.cached_property
    def name(self) -> str:
        """The URL without its secrets, for logs."""
        bare = _redact_query(self.url.bare)
        return bare if self.url.authorization is None else bare.replace("://", "://***@", 1)

    def conceal(self, text: str) -> str:
        """Take this endpoint's secrets out of a text, such as an answer that repeats them."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    @functools.cached_property
    def _secrets(self) -> list[str]:
        """User, password, both as they are sent, and the values of the query; the longest first."""
        found = {value for _, value in parse_qsl(urlsplit(self.url.target).query)}
        if self.url.authorization:
            user, password = self.url.credentials
            encoded = self.url.authorization.removeprefix("Basic ")
            found |= {encoded, f"{user}:{password}", user, password}
        return sorted((s for s in found if len(s) >= LEAST_SECRET), key=len, reverse=True)

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
        return hashlib.blake2b(f"{self.url.bare}\n{user}".encode(), digest_size=16).hexdigest()


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


def parse_url(text: str) -> Url:
    """Parse an absolute `http` or `https` URL. Raises ValueError, saying what would be right."""
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("want a URL without blanks, backslashes and control characters")
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:  # its text may quote a password
        raise ValueError(_UNREADABLE) from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("want a URL that begins with http://HOST or https://HOST")
    if "]" in parts.netloc and not re.search(r"\](:[0-9]*)?$", parts.netloc):
        raise ValueError("want a URL with nothing but a port behind the brackets of an address")
    port = _port(parts)
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise ValueError("want a host name that IDNA can encode") from None
    if not (":" in host and re.fullmatch(r"[0-9a-z.:%]+", host)) and not _HOST.fullmatch(host):
        raise ValueError("want a host name of letters, digits, dots and hyphens, or an address")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?[]|^`{}\"<>")
    standard = 443 if parts.scheme == "https" else 80
    return Url(parts.scheme, host, port or standard, target, basic(parts))


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        if not re.search(r":[0-9]+$", parts.netloc):  # a password, if it has a slash in it
            raise ValueError(_UNREADABLE) from None
        port = 0
    if port == 0:
        raise ValueError("want a port from 1 to 65535")
    return port


def basic(parts: SplitResult) -> str | None:
    """Make the credentials of Basic authentication from a URL's user and password, RFC 7617."""
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def redact(text: str) -> str:
    """Take user, password and the values of the query out of a URL, or of what was meant as one.

    Whatever stands before the last @ may be a password with a slash in it; and what looks like two
    ports, or like a port and is no number, may be one that a blank has cut off from its @.
    """
    # Looked for in vain, they would take time by the square of the length.
    hidden = _CREDENTIALS.sub(r"\1***@", text, count=1) if "@" in text else text
    hidden = _PASSWORD.sub("://***", hidden)
    return _redact_query(hidden)


def _redact_query(text: str) -> str:
    """Take all but the names of its parameters out of a query, and the fragment altogether."""
    head, mark, query = text.partition("#")[0].partition("?")
    return head + mark + "&".join(map(_hidden, query.split("&")))


def _hidden(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if equals:
        return f"{name}=***"
    return "***" if name else ""
