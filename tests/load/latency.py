"""Latency: how long clients within the limit wait for their answers."""

import time
from collections.abc import Sequence
from statistics import median, quantiles

from tests.load.crowd import Client
from tests.load.outcome import SERVED

PAUSE = 0.0005  # seconds between an answer and the next request


def measure(clients: Sequence[Client], seconds: float) -> tuple[float, float]:
    """Have clients ask in turn, one request at a time; tell median and 99th percentile in seconds.

    Raises RuntimeError where one is not served.
    """
    took, started = list[float](), time.monotonic()
    while time.monotonic() - started < seconds:
        took.append(_time(clients[len(took) % len(clients)]))
        time.sleep(PAUSE)
    return median(took), quantiles(took, n=100)[-1]


def _time(client: Client) -> float:
    asked = time.perf_counter()
    client.ask()
    word = client.wait()
    if word != SERVED:
        raise RuntimeError(f"a client within the limit was not served: {word}")
    return time.perf_counter() - asked
