"""File descriptors: each connection takes one, and the system limits them."""

import resource

# For all but the connections: standard streams, the loop's own, the snapshot socket, a module that
# is imported late. About ten are in use.
RESERVED = 24


def raise_limit() -> int:
    """Raise the soft limit to the hard one, and tell it: how many may be open at a time."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
