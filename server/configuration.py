"""The server's settings, declared, and the configuration made of them."""

from dataclasses import dataclass
from pathlib import Path

from server import address
from shared import settings
from shared.settings import Setting
from shared.values import Values

DESCRIPTION = "Answers GET / with the latest snapshot, from memory, to a limited number of clients."

SETTINGS = (
    Setting(
        "limit",
        "--limit",
        "CLIENT_LIMIT",
        "N",
        "clients at a time; those beyond get a 503",
        settings.whole_number(1, 1_000_000),
        "100",
    ),
    *address.SETTINGS,
    Setting(
        "idle_timeout",
        "--idle-timeout",
        "IDLE_TIMEOUT",
        "SECONDS",
        "for a client's silence, and for a request to arrive",
        settings.seconds(0.01, 86_400),
        "5",
    ),
)


@dataclass(frozen=True)
class Configuration:
    """What the server was told to do."""

    limit: int
    host: str
    port: int
    idle_timeout: float
    """Seconds."""
    socket: Path


def configuration(values: Values) -> Configuration:
    """Make the configuration of the settings' values."""
    return Configuration(
        values["limit"], values["host"], values["port"], values["idle_timeout"], values["socket"]
    )
