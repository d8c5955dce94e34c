"""Fetching: one GET of an endpoint's URL, with its redirects."""

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from client.exchange import Exchange
from client.proxy import ProxyError, proxy_for
from client.response import Head, ResponseError
from client.tls import AUTHORITIES
from client.url import Url, redact, resolve
from client.wire import Wire
from shared.text import shown

MAX_REDIRECTS = 5
MAX_VALIDATOR = 1000  # characters; who sends more may refuse a request that sends them back
MAX_LOCATION = 8000  # characters, as RFC 9110, 4.1 has it for any URI
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
        """Return the request fields that ask for news only, RFC 9110, 13.1."""
        fields = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True)
class Fetched:
    """A successful answer."""

    body: bytes | bytearray | None
    """None where it was 304: what the validators belong to is still current."""
    validators: Validators


def fetch(url: Url, validators: Validators, max_body: int, wire: Wire) -> Fetched:
    """Get a URL, following redirects; a body of at most `max_body` bytes.

    Blocks until the answer is whole or the wire is given up. Raises FetchError, whatever happens.
    """
    try:
        fetched = _follow(url, validators, max_body, wire)
        wire.check()  # for what a connection shut down by it ends with looks like a whole answer
    except Exception as error:  # no stranger's bytes may end the client, whatever they set off
        if wire.given_up is not None:  # then the error is but its consequence
            raise FetchError(wire.given_up) from None
        if isinstance(error, FetchError):
            raise
        raise FetchError(_reason(error, wire.timeout)) from error
    else:
        return fetched
    finally:
        wire.close()


def _follow(url: Url, validators: Validators, max_body: int, wire: Wire) -> Fetched:
    current, credentials, asked = url, url.authorization, validators
    for _ in range(MAX_REDIRECTS + 1):
        proxy = proxy_for(current)
        with closing(_connect(current, proxy, wire)) as connection:
            exchange = Exchange(connection)
            is_absolute = proxy and current.scheme == "http"
            fields = _fields(current, credentials, proxy if is_absolute else None)
            target = current.proxy_target if is_absolute else current.target
            head = exchange.request("GET", target, fields | asked.fields())
            if head.status not in _REDIRECTS:
                return _taken(exchange, head, asked, max_body, keep=current is url)
        current = _redirected(current, head)
        # What a redirect leads to is another resource, today or tomorrow. So validators are neither
        # sent there nor kept from there.
        asked = Validators()
        credentials = url.authorization if current.origin == url.origin else None
    raise FetchError(f"more than {MAX_REDIRECTS} redirects")


def _fields(url: Url, credentials: str | None, proxy: Url | None) -> dict[str, str]:
    fields = {
        "Host": url.authority,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "gateway",
        "Connection": "close",
        "Authorization": credentials,
        "Proxy-Authorization": proxy and proxy.authorization,
    }
    return {name: value for name, value in fields.items() if value}


def _connect(url: Url, proxy: Url | None, wire: Wire) -> socket.socket:
    """Connect to whom a URL's request is sent: by TLS, through a tunnel, or to a proxy."""
    connection = _to_proxy(proxy, wire) if proxy else wire.connect(url.address, url.port)
    if url.scheme == "http":
        return connection
    try:
        if proxy:
            _tunnel(connection, url, proxy)
        return AUTHORITIES.context().wrap_socket(connection, server_hostname=url.tls_name)
    except BaseException:
        connection.close()
        raise


def _to_proxy(proxy: Url, wire: Wire) -> socket.socket:
    try:
        return wire.connect(proxy.address, proxy.port)
    except OSError as error:
        reason = _reason(error, wire.timeout)
        raise FetchError(f"the proxy {proxy.tunnel_target}: {reason}") from error


def _tunnel(connection: socket.socket, url: Url, proxy: Url) -> None:
    """Ask a proxy for a tunnel, RFC 9110, 9.3.6. Raises FetchError."""
    fields = {"Host": url.tunnel_target, "User-Agent": "gateway"}
    if proxy.authorization:
        fields["Proxy-Authorization"] = proxy.authorization
    exchange = Exchange(connection)
    head = exchange.request("CONNECT", url.tunnel_target, fields)
    if head.status // 100 != 2:
        raise FetchError(f"the proxy {proxy.tunnel_target} opens no tunnel: {_status(head)}")
    if exchange.has_more:
        raise FetchError(f"the proxy {proxy.tunnel_target} sends something before the tunnel")


def _taken(exchange: Exchange, head: Head, asked: Validators, max_body: int, keep: bool) -> Fetched:
    if head.status == HTTPStatus.NOT_MODIFIED and asked.fields():
        return Fetched(None, asked)
    if head.status != HTTPStatus.OK:
        raise FetchError(_status(head))
    codings = [each for each in head.members("content-encoding") if each != "identity"]
    if codings:
        raise FetchError(f"content coding {shown(', '.join(codings))}, which was not asked for")
    body = exchange.body(head, max_body)
    return Fetched(body, offered(head) if keep else Validators())


def _status(head: Head) -> str:
    return f"status {head.status} {shown(head.reason)}".rstrip()


def offered(head: Head) -> Validators:
    """Return the validators of a response that are good for a conditional request."""
    modified = head.value("last-modified") if _is_dated_before(head) else None
    return Validators(_sendable(head.value("etag")), _sendable(modified))


def _is_dated_before(head: Head) -> bool:
    """Tell whether the data is older than the response, by a second at least.

    Else it could have changed again within the second that Last-Modified names, and the same date
    would stand for both: RFC 9110, 8.8.2.2.
    """
    try:  # they may be no dates, or not be there
        modified, date = (
            parsedate_to_datetime(head.value(name) or "") for name in ("last-modified", "date")
        )
        return (date - modified).total_seconds() >= 1
    except (ValueError, TypeError, ArithmeticError):
        return False


def _sendable(value: str | None) -> str | None:
    """Keep a validator only where it can be sent back as it came, and is likely to be taken."""
    is_sendable = value and value.isascii() and value.isprintable() and len(value) <= MAX_VALIDATOR
    return value if is_sendable else None


def _redirected(url: Url, head: Head) -> Url:
    location = head.value("location")
    if not location:
        raise FetchError(f"status {head.status} without a Location")
    if len(location) > MAX_LOCATION:
        raise FetchError(f"a redirect to a URL of {len(location)} characters")
    location = location.encode("latin-1").decode(errors="surrogateescape")
    shown_location = shown(redact(location))
    try:
        target = resolve(url, location)
    except ValueError as error:
        raise FetchError(f"a redirect to {shown_location}: {error}") from None
    if url.scheme == "https" and target.scheme == "http":
        raise FetchError(f"a redirect from https to {shown_location}")
    return target


def _reason(error: Exception, timeout: float) -> str:
    """Say in one line why a fetch failed."""
    match error:
        case ResponseError() | ProxyError():
            return str(error)
        case TimeoutError():
            return timed_out(timeout)
        case socket.gaierror() | UnicodeError():
            return f"name look-up failed: {shown(str(error))}"
        case ssl.SSLCertVerificationError():
            return f"certificate not accepted: {shown(error.verify_message)}"
        case ssl.SSLError():
            return f"TLS failed: {shown(error.reason or str(error))}"
        case OSError():
            return shown(error.strerror or str(error))
    return f"{type(error).__name__} {shown(str(error))}".rstrip()


def timed_out(timeout: float) -> str:
    """Return the reason of a poll that was given up at its deadline."""
    return f"no whole answer within {timeout:g} s"
