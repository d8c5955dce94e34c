"""File descriptors: each connection takes one, and the system limits them."""

import resource

from shared.settings import SettingError

# For all but the connections: standard streams, the loop's own, the snapshot socket, a module that
# is imported late. About ten are in use.
RESERVED = 24


def raise_limit() -> int:
    """Raise the soft limit to the hard one, and tell it: how many may be open at a time."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connections() -> int:
    """Raise the limit, and tell how many connections fit. Raises SettingError where none."""
    most = raise_limit()
    if most <= RESERVED:
        raise SettingError(
            f"`ulimit -n` {most}: want more than {RESERVED}, "
            "one for each connection and those for the rest"
        )
    return most - RESERVED
