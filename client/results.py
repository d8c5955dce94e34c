"""Results: the last good result of every endpoint, which a failure never touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from client.endpoint import Endpoint
from client.fetch import Validators


@dataclass(frozen=True)
class Result:
    """What an endpoint sent at its last success."""

    items: bytes
    """Packed, see `client.items`."""
    succeeded: float
    """When the endpoint last answered well, in seconds of the boot clock."""
    validators: Validators = field(default_factory=Validators)


class Results:
    """The results by endpoint, in the order of the configuration."""

    def __init__(self, endpoints: Sequence[Endpoint], known: Mapping[Endpoint, Result]) -> None:
        """Begin with what is known from before."""
        self.endpoints = tuple(endpoints)
        self._results = {e: known[e] for e in endpoints if e in known}

    def get(self, endpoint: Endpoint) -> Result | None:
        """Tell an endpoint's last good result."""
        return self._results.get(endpoint)

    def take(self, endpoint: Endpoint, result: Result) -> bool:
        """Take a new good result; True where its items differ from those before."""
        before = self._results.get(endpoint)
        if before is None or before.items != result.items:
            self._results[endpoint] = result
            return True
        # The very same object, by which `oldest_success` knows it.
        self._results[endpoint] = replace(result, items=before.items)
        return False

    def confirm(self, endpoint: Endpoint, now: float) -> None:
        """Take the endpoint's word that its last result is still current (304)."""
        self._results[endpoint] = replace(self._results[endpoint], succeeded=now)

    def known(self) -> dict[Endpoint, Result]:
        """Tell the results there are, in the order of the configuration; a copy."""
        return {e: self._results[e] for e in self.endpoints if e in self._results}

    def oldest_success(self, results: Mapping[Endpoint, Result]) -> float | None:
        """Tell how fresh some results of before are: as the one whose last success is oldest.

        A success since then counts for what it has confirmed, not where it brought other items.
        """
        return min((self._success(each, result) for each, result in results.items()), default=None)

    def _success(self, endpoint: Endpoint, result: Result) -> float:
        now = self._results.get(endpoint, result)
        return now.succeeded if now.items is result.items else result.succeeded
