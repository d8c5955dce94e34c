"""URLs of endpoints, redirects and proxies: taken apart, and fit to be sent. Pure.

What people and endpoints write is taken as browsers and curl take it; what is sent is what the
grammar of RFC 3986 and RFC 9112 has.
"""

import base64
import ipaddress
import re
import stringprep
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit

STANDARD_PORTS = {"http": 80, "https": 443}
MAX_AUTHORITY = 1000  # characters of user, password, host and port where they are not all ASCII
MAX_HOST = 254  # characters, RFC 1123, 2.1, and the dot of the root

# RFC 1123, 2.1, and the underscore, which is in use: labels of 63 characters at the most.
_HOST = re.compile(r"(?=.{1,254}$)[0-9a-z_-]{1,63}(\.[0-9a-z_-]{1,63})*\.?")

# RFC 3986, 2.2, 3.3 and 3.4: what stands for itself, beside letters, digits and -._~
_PATH_SAFE = "/%:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

# The characters that IDNA 2008 keeps and IDNA 2003 replaces or drops: UTS 46, deviations.
_JOINERS = "\u200c\u200d"
_DEVIATIONS = "\u00df\u03c2" + _JOINERS

_UNREADABLE = "want a URL that can be read, of the form http://HOST:PORT/PATH"


@dataclass(frozen=True)
class Url:
    """An `http` or `https` URL, taken apart for a request."""

    scheme: str
    host: str
    """A name in ASCII, as it was written but for capitals, or an address without brackets."""
    port: int
    target: str
    """The request target in origin-form, RFC 9112, 3.2.1."""
    authorization: str | None = None
    """The value of the Authorization field where the URL names a user, RFC 7617."""
    zone: str = ""
    """Of an IPv6 address: the interface by which it is reached. It is never sent, RFC 6874, 4."""

    @property
    def address(self) -> str:
        """The host, as a name look-up takes it."""
        return f"{self.host}%{self.zone}" if self.zone else self.host

    @property
    def tls_name(self) -> str:
        """The host, as a certificate and SNI name it: without the root's dot, RFC 6066, 3."""
        return self.host.removesuffix(".")

    @property
    def authority(self) -> str:
        """Host and port, as the Host field has them: RFC 9110, 7.2."""
        return self._with_port(self.host)

    @property
    def tunnel_target(self) -> str:
        """The target of a CONNECT, authority-form: RFC 9112, 3.2.3."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def proxy_target(self) -> str:
        """The target for a proxy, absolute-form: RFC 9112, 3.2.2."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def bare(self) -> str:
        """The URL without user and password."""
        host = f"{self.host}%25{self.zone}" if self.zone else self.host
        return f"{self.scheme}://{self._with_port(host)}{self.target}"

    def _with_port(self, host: str) -> str:
        is_standard = self.port == STANDARD_PORTS[self.scheme]
        return _bracketed(host) + ("" if is_standard else f":{self.port}")

    @property
    def credentials(self) -> tuple[bytes, bytes]:
        """User and password; empty where the URL names none."""
        encoded = (self.authorization or "").removeprefix("Basic ")
        user, _, password = base64.b64decode(encoded).partition(b":")
        return user, password

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be the same for credentials to be sent again, RFC 6454."""
        return self.scheme, self.address, self.port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def parse_url(text: str) -> Url:
    """Parse an absolute `http` or `https` URL. Raises ValueError, saying what would be right."""
    _check_characters(text)
    return _parsed(text)


def _parsed(text: str) -> Url:
    parts = _split(text)
    host = parts.hostname
    if parts.scheme not in STANDARD_PORTS or not host:
        raise ValueError("want a URL that begins with http://HOST or https://HOST")
    if "]" in parts.netloc and not re.search(r"\](:[0-9]*)?$", parts.netloc):
        raise ValueError("want a URL with nothing but a port behind the brackets of an address")
    port = _port(parts) or STANDARD_PORTS[parts.scheme]
    host, zone = _literal(host) if "]" in parts.netloc else (_name(host), "")
    return Url(parts.scheme, host, port, _target(parts), basic(parts), zone)


def _split(text: str) -> SplitResult:
    # What is not ASCII, urlsplit normalizes, which takes time by the square of the length.
    authority = text.partition("//")[2]
    if not authority.isascii() and len(re.split("[/?#]", authority, maxsplit=1)[0]) > MAX_AUTHORITY:
        raise ValueError("want a shorter URL")
    try:
        parts = urlsplit(text)
        _ = parts.hostname
    except ValueError:  # its text may quote a password
        raise ValueError(_UNREADABLE) from None
    return parts


def _check_characters(text: str) -> None:
    """Raise ValueError for characters that people do not mean to be in a URL."""
    # Two kinds are not printable and allowed: parts of names, and bytes that are no UTF-8.
    visible = re.sub(f"[{_JOINERS}\udc80-\udcff]", "", text)
    if not visible.isprintable() or " " in text or "\\" in text.partition("?")[0]:
        raise ValueError("want a URL without blanks, backslashes and control characters")


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


def _literal(text: str) -> tuple[str, str]:
    """Return an IPv6 address and its zone: %25eth0 as RFC 6874 has it, or %eth0 as people do."""
    address, percent, zone = text.partition("%")
    zone = zone.removeprefix("25") or zone
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise ValueError("want an IPv6 address between the brackets") from None
    if bool(zone) != bool(percent) or not re.fullmatch(r"[\w.~-]*", zone, re.ASCII):
        raise ValueError("want an IPv6 address with a zone such as %eth0, or none")
    return address, zone


def _name(text: str) -> str:
    host = text if text.isascii() else _ascii(text)
    if not _HOST.fullmatch(host):
        raise ValueError("want a host name of letters, digits, dots and hyphens, or an address")
    return host


def _ascii(name: str) -> str:
    """Encode an internationalized name. Raises ValueError if browsers and IDNA 2003 disagree on it.

    IDNA 2003 is what Python's codec has. For a few characters browsers and curl, which have IDNA
    2008, make another name: from ß the codec makes ss, whoever that host belongs to.
    """
    if len(name) > MAX_HOST:  # to encode it takes time by the square of its length
        raise ValueError("want a host name that IDNA can encode")
    try:
        encoded = name.encode("idna").decode()
        meant = ".".join(map(_label, re.split("[.\u3002\uff0e\uff61]", name)))
    except UnicodeError:
        raise ValueError("want a host name that IDNA can encode") from None
    if encoded != meant:
        raise ValueError(f"want the host name in ASCII: {meant}")
    return encoded


def _label(label: str) -> str:
    """Encode a label as browsers do: mapped as UTS 46 has it, then RFC 5891, 4.4."""
    mapped = unicodedata.normalize("NFKC", "".join(map(_mapped, label)))
    return mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode()


def _mapped(character: str) -> str:
    if character in _DEVIATIONS:
        return character
    is_dropped = stringprep.in_table_b1(character)
    return "" if is_dropped else unicodedata.normalize("NFKC", character).casefold()


def _target(parts: SplitResult) -> str:
    path = _encoded(parts.path or "/", _PATH_SAFE)
    return f"{path}?{_encoded(parts.query, _QUERY_SAFE)}" if parts.query else path


def _encoded(text: str, safe: str) -> str:
    """Percent-encode what the grammar does not have, RFC 3986, 2.1; a lone % too."""
    whole = _LONE_PERCENT.sub("%25", text)
    return quote(whole.encode(errors="surrogateescape"), safe=safe)


def basic(parts: SplitResult) -> str | None:
    """Make the credentials of Basic authentication from a URL's user and password, RFC 7617.

    A percent-encoded byte stands for that byte, in whatever charset the endpoint has them.
    """
    if parts.username is None:
        return None
    user, password = (
        unquote_to_bytes(each.encode(errors="surrogateescape"))
        for each in (parts.username, parts.password or "")
    )
    return "Basic " + base64.b64encode(user + b":" + password).decode("ascii")


def resolve(base: Url, location: str) -> Url:
    """Return the URL that a Location field leads to: RFC 9110, 10.2.2.

    Blanks in it are sent as curl sends them. Raises ValueError, saying what would be right.
    """
    if re.search(r"[\x00-\x1f\x7f]", location):  # urlsplit would drop some
        raise ValueError("want a URL without control characters")
    path, mark, query = location.partition("?")
    reference = path.replace(" ", "%20") + mark + query.replace(" ", "+")
    parts = _split(reference)
    # urljoin would take the host of the base: RFC 9110, 4.2.1 wants such a URL refused.
    if not parts.netloc and (parts.scheme in STANDARD_PORTS or reference.startswith("//")):
        raise ValueError("want a URL with a host")
    if reference == "?":  # urljoin would keep the query of the base
        reference = base.target.partition("?")[0]
    return _parsed(urljoin(base.bare, reference))
