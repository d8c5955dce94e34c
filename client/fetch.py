"""Fetching: one GET of an endpoint's URL, with its redirects, through http.client."""

import functools
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from client.url import Url, basic, parse_url, redact
from client.wire import Wire
from shared.text import shown

MOST_REDIRECTS = 5
MOST_VALIDATOR = 1000  # characters; who sends more may refuse a request that sends them back
LONGEST_LOCATION = 8000  # characters, as RFC 9110, 4.1 has it for any URI
CHUNK = 64 * 1024  # bytes taken from the connection at a time
_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}


class FetchError(Exception):
    """An endpoint could not be fetched; the text is the reason."""


@dataclass(frozen=True)
class Validators:
    """What an endpoint offers for conditional requests, RFC 9110, 8.8."""

    etag: str | None = None
    last_modified: str | None = None

    def fields(self) -> dict[str, str]:
        """Tell the request fields that ask for news only, RFC 9110, 13.1."""
        fields = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True)
class Fetched:
    """A successful answer."""

    body: bytes | bytearray | None
    """None where it was 304: what the validators belong to is still current."""
    validators: Validators


def fetch(url: Url, validators: Validators, most: int, wire: Wire) -> Fetched:
    """Get a URL, following redirects; a body of at most `most` bytes.

    Blocks until the answer is whole or the wire is given up. Raises FetchError, whatever happens.
    """
    try:
        fetched = _follow(url, validators, most, wire)
        wire.check()  # for what a connection shut down by it ends with looks like a whole answer
    except Exception as error:  # no stranger's bytes may end the client, whatever they set off
        if wire.given_up is not None:  # then the error is but its consequence
            raise FetchError(wire.given_up) from None
        if isinstance(error, FetchError):
            raise
        raise FetchError(_told(error, wire.timeout)) from error
    else:
        return fetched
    finally:
        wire.close()


def _follow(url: Url, validators: Validators, most: int, wire: Wire) -> Fetched:
    current, credentials, asked = url, url.authorization, validators
    for _ in range(MOST_REDIRECTS + 1):
        # The response too is closed: unread, it keeps the socket open behind the connection's back.
        with closing(_connection(current, wire)) as connection:
            fields = _fields(current, credentials) | asked.fields()
            connection.request("GET", _target(current), headers=fields)
            with connection.getresponse() as response:
                _check_fields(response)
                if response.status not in _REDIRECTS:
                    return _taken(response, asked, most, keep=current is url)
                current = _redirected(current, response)
        # What a redirect leads to is another resource, today or tomorrow. So validators are neither
        # sent there nor kept from there.
        asked = Validators()
        credentials = url.authorization if current.origin == url.origin else None
    raise FetchError(f"more than {MOST_REDIRECTS} redirects")


def _fields(url: Url, credentials: str | None) -> dict[str, str]:
    fields = {"Accept": "application/json", "User-Agent": "gateway", "Connection": "close"}
    if credentials:
        fields["Authorization"] = credentials
    proxy = _proxy(url)
    if proxy and proxy.authorization and url.scheme == "http":
        fields["Proxy-Authorization"] = proxy.authorization
    return fields


def _check_fields(response: http.client.HTTPResponse) -> None:
    """Refuse a head of which http.client sees but a part. Raises FetchError."""
    # Where a line is no field, it takes the head to be over, and the rest for something else.
    if response.headers.get_payload():
        raise FetchError("not HTTP: a line of the head is no field, for it has no colon")


def _check_length(response: http.client.HTTPResponse) -> None:
    """Refuse a length that is none. Raises FetchError."""
    # http.client does without it; and of two that differ, it takes the first: RFC 9112, 6.3.
    fields = [each.strip() for each in response.headers.get_all("Content-Length", [])]
    is_sound = len(set(fields)) <= 1 and all(re.fullmatch("[0-9]{1,99}", each) for each in fields)
    if not is_sound and "Transfer-Encoding" not in response.headers:
        raise FetchError(f"not HTTP: a Content-Length of {shown(', '.join(fields))}")


def _taken(response: http.client.HTTPResponse, asked: Validators, most: int, keep: bool) -> Fetched:
    if response.status == HTTPStatus.NOT_MODIFIED and asked.fields():
        return Fetched(None, asked)
    if response.status != HTTPStatus.OK:
        raise FetchError(f"status {response.status} {shown(response.reason)}".rstrip())
    coding = response.getheader("Content-Encoding", "")
    if any(each.strip().lower() not in ("", "identity") for each in coding.split(",")):
        raise FetchError(f"content coding {shown(coding)}, which was not asked for")
    _check_length(response)
    body = _body(response, most)
    if not keep:
        return Fetched(body, Validators())
    etag, modified = response.getheader("ETag"), response.getheader("Last-Modified")
    return Fetched(body, Validators(_sendable(etag), _sendable(modified)))


def _sendable(value: str | None) -> str | None:
    """Keep a validator only where it can be sent back as it came, and is likely to be taken."""
    is_sendable = value and value.isascii() and value.isprintable() and len(value) <= MOST_VALIDATOR
    return value if is_sendable else None


def _body(response: http.client.HTTPResponse, most: int) -> bytearray:
    if response.length is not None and response.length > most:
        length = shown(str(response.length))
        raise FetchError(f"a body of {length} bytes, over the {most} that are taken")
    body = bytearray()
    # Not read(), which for a chunk of -1 bytes reads whatever comes, however much it is.
    while chunk := response.read1(CHUNK):
        body += chunk
        if len(body) > most:
            raise FetchError(f"a body over the {most} bytes that are taken")
    if response.length:
        raise FetchError(f"a body cut short: {response.length} bytes are missing")
    return body


def _redirected(url: Url, response: http.client.HTTPResponse) -> Url:
    location = response.getheader("Location")
    if not location:
        raise FetchError(f"status {response.status} without a Location")
    if len(location) > LONGEST_LOCATION:
        raise FetchError(f"a redirect to a URL of {len(location)} characters")
    # http.client reads fields as Latin-1; a character beyond ASCII was sent as UTF-8.
    location = location.encode("latin-1").decode(errors="replace")
    shown_location = shown(redact(location))
    try:
        target = parse_url(urljoin(url.bare, location))
    except ValueError as error:
        raise FetchError(f"a redirect to {shown_location}: {error}") from None
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError(f"a redirect from https to {shown_location}")
    return target


class _Response(http.client.HTTPResponse):
    """A response, after any number of interim ones: RFC 9110, 15.2."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        # http.client passes over 100 alone, and would take 103 for the answer.
        is_interim = status // 100 == 1 and status != HTTPStatus.SWITCHING_PROTOCOLS
        return version, HTTPStatus.CONTINUE if is_interim else status, reason


_Connect = Callable[[str, int], socket.socket]


class _HTTPConnection(http.client.HTTPConnection):
    """A connection that gets its socket from a wire."""

    response_class = _Response

    def __init__(self, host: str, port: int, connect: _Connect) -> None:
        super().__init__(host, port)
        # The hook by which http.client's own tests bring their sockets; there is no public one.
        self._create_connection = lambda address, *_: connect(*address)


class _HTTPSConnection(http.client.HTTPSConnection):
    """The same with TLS."""

    response_class = _Response

    def __init__(self, host: str, port: int, connect: _Connect) -> None:
        super().__init__(host, port, context=tls())
        self._create_connection = lambda address, *_: connect(*address)


@functools.cache
def tls() -> ssl.SSLContext:
    """Make the context once: reading the certificates takes longer than a poll on loopback."""
    return ssl.create_default_context()


def _connection(url: Url, wire: Wire) -> http.client.HTTPConnection:
    proxy = _proxy(url)
    if proxy:
        host, port, connect = proxy.host, proxy.port, _to_proxy(wire)
    else:
        host, port, connect = url.host, url.port, wire.connect
    if url.scheme == "http":
        return _HTTPConnection(host, port, connect)
    connection = _HTTPSConnection(host, port, connect)
    if proxy:
        authorization = proxy.authorization
        connection.set_tunnel(
            url.host, url.port, {"Proxy-Authorization": authorization} if authorization else {}
        )
    return connection


def _to_proxy(wire: Wire) -> _Connect:
    """Connect as the wire does, and say that it is the proxy that cannot be reached."""

    def connect(host: str, port: int) -> socket.socket:
        try:
            return wire.connect(host, port)
        except OSError as error:
            raise FetchError(f"the proxy {host}:{port}: {_told(error, wire.timeout)}") from error

    return connect


def _target(url: Url) -> str:
    """Tell the request target: absolute-form for a proxy, RFC 9112, 3.2.2, else origin-form."""
    return url.bare if url.scheme == "http" and _proxy(url) else url.target


def _proxy(url: Url) -> Url | None:
    """Tell the proxy that the environment names for a URL, by `http_proxy` and its like."""
    text = getproxies().get(url.scheme)
    if not text or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host = None
    if not host or parts.scheme != "http":
        raise FetchError(f"the proxy {shown(redact(text))} is not of the form http://HOST:PORT")
    return Url("http", host, port, "/", basic(parts))


def _told(error: Exception, timeout: float) -> str:
    """Say in one line what an exception of the standard library means."""
    match error:
        case TimeoutError():
            return timed_out(timeout)
        case socket.gaierror() | UnicodeError():
            return f"name look-up failed: {shown(str(error))}"
        case ssl.SSLCertVerificationError():
            return f"certificate not accepted: {shown(error.verify_message)}"
        case ssl.SSLError():
            return f"TLS failed: {shown(error.reason or str(error))}"
        case http.client.IncompleteRead():
            return "a body cut short"
        case http.client.RemoteDisconnected():
            return "the connection was closed without an answer"
        case OSError():
            return shown(error.strerror or str(error))
    return f"not HTTP: {type(error).__name__} {shown(str(error))}".rstrip()


def timed_out(timeout: float) -> str:
    """Tell why a poll was given up at its deadline."""
    return f"no whole answer within {timeout:g} s"
