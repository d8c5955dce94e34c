"""Fetching: one GET of an endpoint's URL, with its redirects."""

import math
import re
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from client.exchange import Exchange
from client.proxy import ProxyError, proxy_for
from client.redaction import conceal, redact
from client.response import Head, ResponseError
from client.tls import AUTHORITIES
from client.url import Url, resolve
from client.wire import Wire
from shared.text import shown

MAX_REDIRECTS = 5
MAX_ENTITY_TAG = 1000  # characters; who sends more may refuse a request that sends them back
MAX_LOCATION = 8000  # characters, as RFC 9110, 4.1 has it for any URI
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')  # RFC 9110, 8.8.3, of ASCII
# RFC 9110, 5.6.7: IMF-fixdate, which all generate that are not very old.
_DATE = re.compile(
    "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
    "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
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
    urls: tuple[Url, ...] = field(default=(), compare=False)
    """Those that led to it, the first and the last among them, and the proxies."""


def fetch(url: Url, validators: Validators, max_body: int, wire: Wire) -> Fetched:
    """Get a URL, following redirects; a body of at most `max_body` bytes.

    Blocks until the answer is whole or the wire is given up. Raises FetchError, whatever happens.
    """
    urls = [url]
    try:
        fetched = _follow(urls, validators, max_body, wire)
        wire.check()  # for what a connection shut down by it ends with looks like a whole answer
    except Exception as error:  # no stranger's bytes may end the client, whatever they set off
        if wire.given_up is not None:  # then the error is but its consequence
            raise FetchError(wire.given_up) from None
        raise FetchError(conceal(_reason(error, wire.timeout), urls)) from error
    else:
        return replace(fetched, validators=_public(fetched.validators, urls), urls=tuple(urls))
    finally:
        wire.close()


def _follow(urls: list[Url], validators: Validators, max_body: int, wire: Wire) -> Fetched:
    """Get the first of the URLs, and whatever it leads to; they are added to the list."""
    url = current = urls[0]
    credentials, asked = url.authorization, validators
    for _ in range(MAX_REDIRECTS + 1):
        proxy = proxy_for(current)
        urls += [proxy] if proxy else []
        with closing(_connect(current, proxy, wire)) as connection:
            exchange = Exchange(connection)
            is_absolute = proxy and current.scheme == "http"
            fields = _fields(current, credentials, proxy if is_absolute else None)
            target = current.proxy_target if is_absolute else current.target
            head = exchange.request("GET", target, fields | asked.fields())
            if head.status not in _REDIRECTS:
                return _taken(exchange, head, asked, max_body, keep=current is url)
        current = _redirected(current, head)
        urls.append(current)
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
        raise FetchError(f"the proxy {proxy.tunnel_target} sends data along with its answer")


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
    etag, modified = head.value("etag") or "", head.value("last-modified") or ""
    is_tag = _ENTITY_TAG.fullmatch(etag) and len(etag) <= MAX_ENTITY_TAG
    # Else the data could change again within the second that it names, and one date would stand for
    # two versions: RFC 9110, 8.8.2.2.
    is_date = _date(head.value("date")) - _date(modified) >= 1
    return Validators(etag if is_tag else None, modified if is_date else None)


def _public(validators: Validators, urls: list[Url]) -> Validators:
    """Drop an entity tag that has a secret of these URLs in it: the state file keeps it."""
    etag = validators.etag
    is_public = etag is None or conceal(etag, urls) == etag
    return validators if is_public else replace(validators, etag=None)


def _date(value: str | None) -> float:
    """Return a date in seconds since the epoch; NaN where it is not in the form that is sent."""
    if not value or not _DATE.fullmatch(value):
        return math.nan
    try:
        return parsedate_to_datetime(value).timestamp()
    except ValueError:  # a 31st of February
        return math.nan


def _redirected(url: Url, head: Head) -> Url:
    locations = set(head.values("location")) - {""}
    if not locations:
        raise FetchError(f"status {head.status} without a Location")
    location = locations.pop()
    if locations:
        raise FetchError(f"status {head.status} with more than one Location")
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
        case FetchError() | ResponseError() | ProxyError():
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
