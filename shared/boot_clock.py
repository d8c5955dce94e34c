"""The boot clock: the time since the machine's boot, which goes on while the machine sleeps.

`time.monotonic` stands still while a laptop is closed or a virtual machine is suspended: an age
measured by it misses the time asleep. So every age, and every "since when", is by this clock. To
wait is a matter of the monotonic clock, which the event loop has.
"""

import time


def now() -> float:
    """Return the seconds since the boot, the same in all processes: CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
