"""The address: where the server listens, and by which a running one is found."""

import socket
from typing import Any, NamedTuple

from shared import settings
from shared.settings import Setting
from shared.values import Values

SETTINGS = (
    Setting(
        "host",
        "--host",
        "HOST",
        "HOST",
        "the address to listen on",
        str,
        "0.0.0.0",
    ),
    Setting(
        "port",
        "--port",
        "PORT",
        "N",
        "the TCP port to listen on, 0 for one that is free",
        settings.whole_number(0, 65_535),
        "8080",
    ),
)


class AddressError(Exception):
    """A host is no address and no name of this machine; the text says why."""


class Address(NamedTuple):
    """A socket's address."""

    family: socket.AddressFamily
    sockaddr: Any
    """As the `socket` module has it for the family."""


def resolve(host: str, port: int) -> Address:
    """Return the first address of a host. Raises AddressError."""
    try:
        # What is plain already need not go through IDNA, which takes a health check long to import.
        name = host.encode("ascii" if host.isascii() else "idna")
        family, _, _, _, sockaddr = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # the latter for what is no name, such as a..b
        raise AddressError(f"want an address or a name of this machine: {error}") from None
    return Address(family, sockaddr)


def place(values: Values) -> str:
    """Return what no two servers of a network namespace share, see `shared.inquiry`.

    Raises SettingError.
    """
    try:
        return place_of(resolve(values["host"], values["port"]).sockaddr)
    except AddressError as error:
        raise values.error(error, host=values["host"]) from None


def place_of(sockaddr: Any) -> str:
    """Tell the same of the address that a server listens on: `0.0.0.0:8080`, `[::]:8080`."""
    host, port = sockaddr[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
