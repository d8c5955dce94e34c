"""The limit: how many clients are served at a time, and who they are."""


class Limit:
    """Slots for clients.

    A set, not a counter: nobody can take two slots, or give one back twice.
    """

    def __init__(self, capacity: int) -> None:
        """Have so many slots."""
        self.capacity = capacity
        self._inside: set[object] = set()
        self._most = 0
        self._most_before = 0

    def __len__(self) -> int:
        """Tell how many slots are taken."""
        return len(self._inside)

    def __contains__(self, client: object) -> bool:
        """Tell whether a client holds a slot."""
        return client in self._inside

    def admit(self, client: object) -> bool:
        """Take a slot, unless the client has one. False: it is beyond the limit."""
        if client in self._inside:
            return True
        if len(self._inside) >= self.capacity:
            return False
        self._inside.add(client)
        self._most = max(self._most, len(self._inside))
        return True

    def leave(self, client: object) -> None:
        """Give the slot back, if the client has one. Safe to call again."""
        self._inside.discard(client)

    @property
    def most(self) -> int:
        """The most slots that were ever taken at a time."""
        return max(self._most, self._most_before)

    def take_most(self) -> int:
        """Tell the most slots that were taken at a time since this was asked last."""
        self._most_before = self.most
        most, self._most = self._most, len(self._inside)
        return most
