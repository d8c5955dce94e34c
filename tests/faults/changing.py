"""A played endpoint that sends the versions of the model, a new one at each poll or when told."""

import threading

from tests.demo.behaviours import body as answer
from tests.demo.behaviours import rendered
from tests.demo.exchange import Exchange
from tests.faults import model


class Changing:
    """The behaviour of an endpoint of the model, to be played at a path."""

    def __init__(self, number: int = 0, held: bool = False) -> None:
        """Play the endpoint of this number in the configuration; `held`, until told to go on."""
        self._number = number
        self._lock = threading.Lock()  # a poll of a client that was killed may not have ended yet
        self._held = held
        self.version = 1 if held else 0
        """The newest version; it may not have been sent yet."""

    def __call__(self, exchange: Exchange) -> None:
        """Answer one poll."""
        with self._lock:
            if not self._held:
                self.version += 1
            strings = model.items(self._number, self.version)
        answer(rendered(strings))(exchange)

    def hold(self) -> int:
        """Send the same version from now on; tell which."""
        with self._lock:
            self._held = True
            return self.version

    def go_on(self) -> None:
        """Send a new version at each poll from now on."""
        with self._lock:
            self._held = False

    def advance(self) -> int:
        """Send the next version from now on, and no other; tell which."""
        with self._lock:
            self._held = True
            self.version += 1
            return self.version
