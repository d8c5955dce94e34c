"""The client's settings, declared, and the configuration made of them."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from client.endpoint import Endpoint, parse_endpoint, split_endpoints
from client.redaction import redact
from client.tls import make_context
from shared import settings
from shared.path import absolute
from shared.settings import Setting, SettingError
from shared.text import quoted
from shared.values import Values

DESCRIPTION = "Polls the endpoints, merges what they send, and pushes snapshots to the servers."

MEBIBYTE = 1024 * 1024  # bytes

CERTIFICATES = "SSL_CERT_FILE"  # in the environment, for OpenSSL

SETTINGS = (
    Setting(
        "endpoints",
        "--endpoint",
        "ENDPOINTS",
        "SECONDS=URL",
        "poll this URL every so many seconds; repeated, and in the variable by white space",
        parse_endpoint,
        many=True,
        split=split_endpoints,
        redact=redact,
    ),
    Setting(
        "timeout",
        "--timeout",
        "FETCH_TIMEOUT",
        "SECONDS",
        "one poll's whole time",
        settings.seconds(0.01, 86_400),
        default_help="10, or nine tenths of the period where that is shorter",
    ),
    Setting(
        "most",
        "--max-body",
        "MAX_BODY",
        "BYTES",
        "the largest response body taken",
        settings.whole_number(2, 1024 * MEBIBYTE),
        str(16 * MEBIBYTE),
    ),
    Setting(
        "state",
        "--state",
        "STATE_FILE",
        "PATH",
        "the memory over a restart, or none",
        str,
        default_help="state.json beside the socket",
    ),
)


@dataclass(frozen=True)
class Configuration:
    """What the client was told to do."""

    endpoints: tuple[Endpoint, ...]
    timeout: float | None
    """Seconds, or None for the default, which depends on the endpoint."""
    most: int
    """Bytes of a response body."""
    state: Path | None
    socket: Path


def configuration(values: Values) -> Configuration:
    """Make the configuration of the settings' values. Raises SettingError."""
    path: Path = values["socket"]
    endpoints: tuple[Endpoint, ...] = values["endpoints"]
    for index, endpoint in enumerate(endpoints):
        if any(endpoint.url == other.url for other in endpoints[:index]):
            reason = "want each endpoint once; it is there twice"
            raise values.error(reason, endpoints=endpoint.name)
    _require_certificates(os.environ.get(CERTIFICATES, ""))
    return Configuration(endpoints, values["timeout"], values["most"], _state(values), path)


def _require_certificates(path: str) -> None:
    """Raise SettingError where a file of certificates is named that is none, or is not there.

    OpenSSL would say nothing, and no certificate would be accepted.
    """
    try:
        if path:
            make_context()
    except ssl.SSLError:
        raise SettingError(
            f"{CERTIFICATES}={quoted(path)}: want a file of certificates, as PEM has them"
        ) from None
    except OSError as error:
        raise SettingError(
            f"{CERTIFICATES}={quoted(path)}: want a file of certificates: {error.strerror}"
        ) from None


def _state(values: Values) -> Path | None:
    text: str | None = values["state"]
    socket: Path = values["socket"]
    if text == "none":
        return None
    if text is None:
        state = socket.with_name("state.json")
        if state == socket:
            raise values.error("want another name, since the state file has this", socket=socket)
        return state
    try:
        state = absolute(text)
    except ValueError as error:
        raise values.error(error, state=text) from None
    if text == "" or not state.name:
        reason = "want the path of a file, or none"
    elif not os.path.isdir(state.parent):
        reason = f"want a path in a directory that exists, or none; {state.parent} does not exist"
    elif os.path.realpath(state) == os.path.realpath(socket):
        reason = "want another path than the socket's"
    else:
        return state
    raise values.error(reason, state=text)
