"""The address: where the server listens, and by which a running one is found."""

import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

from shared import settings
from shared.settings import Setting, SettingError
from shared.text import quoted

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


class Address(NamedTuple):
    """A socket's address."""

    family: socket.AddressFamily
    sockaddr: Any
    """As the `socket` module has it for the family."""


def resolve(host: str, port: int) -> Address:
    """Tell the first address of a host. Raises OSError, and UnicodeError for what is no name."""
    # What is plain already need not go through IDNA, which takes a health check's time to import.
    name = host.encode("ascii" if host.isascii() else "idna")
    family, _, _, _, sockaddr = socket.getaddrinfo(
        name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    return Address(family, sockaddr)


def place(values: Mapping[str, Any]) -> str:
    """Tell what no two servers of a network namespace share, see `shared.inquiry`.

    Raises SettingError.
    """
    host, port = values["host"], values["port"]
    try:
        return place_of(resolve(host, port).sockaddr)
    except (OSError, UnicodeError) as error:
        raise SettingError(
            f"--host {quoted(host)}: want an address or a name of this machine: {error}"
        ) from None


def place_of(sockaddr: Any) -> str:
    """Tell the same of the address that a server listens on: `0.0.0.0:8080`, `[::]:8080`."""
    host, port = sockaddr[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
