"""The demo's paths: one for each period, `/15` for 15 seconds, with data that changes."""

import time
from collections.abc import Sequence

from tests.demo.behaviours import array
from tests.demo.data import items
from tests.demo.endpoints import Endpoints
from tests.demo.exchange import Behaviour, Exchange

PERIODS = (15.0, 30.0, 60.0)  # seconds; the brief's


def path(period: float) -> str:
    """Tell the path that serves the data of a period in seconds."""
    return f"/{period:g}"


def play_data(endpoints: Endpoints, periods: Sequence[float]) -> None:
    """Put up a path for each period."""
    for period in periods:
        endpoints.play(path(period), _data(period))


def _data(period: float) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        array(items(period, time.time()))(exchange)

    return behave
