"""The machine that is measured on, as far as it matters to the figures."""

import os
import platform
from pathlib import Path

from tests.benchmark import usage, wrk
from tests.benchmark.cores import LOAD, SERVERS


def machine() -> dict[str, str | int]:
    """Tell what it is, by name."""
    return {
        "CPU": _processor(),
        "cores": os.cpu_count() or 1,
        "core of the load": min(LOAD),
        "core of the servers": min(SERVERS),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "load by": wrk.version(),
        "clock of the processor time": usage.clock().name,
    }


def _processor() -> str:
    """Tell the model as Linux names it, which not every architecture has it do."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
