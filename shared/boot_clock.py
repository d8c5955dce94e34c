"""The boot clock: the time since the machine's boot, which goes on while the machine sleeps.

`time.monotonic` stands still while a laptop is closed or a virtual machine is suspended. An age by
it is too small by the whole sleep. So every age, and every "since when", is by this clock; waiting
is by the monotonic one, as the event loop has it.
"""

import time


def now() -> float:
    """Return the seconds since the boot, the same in all processes: CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
