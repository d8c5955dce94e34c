"""The command `health`: asks a running program whether all is well, for those who look after it."""

import os
from collections.abc import Sequence

from shared import inquiry
from shared.output import tell
from shared.program import FLAGS, Program
from shared.settings import Usage
from shared.text import shown
from shared.values import read

UNHEALTHY = 1
"""The exit status of the command where not all is well."""


def run(program: Program, arguments: Sequence[str]) -> None:
    """Print the verdict on one line; exit status 1 where it is not good. Raises SettingError."""
    values = read(
        Usage(
            f"python -m {program.name} health",
            f"Asks the running {program.name} whether all is well; exits with 0, or 1.",
        ),
        program.settings,
        arguments,
        os.environ,
        flags=FLAGS["health"],
    )
    question = inquiry.LIVE if values["live"] else inquiry.HEALTH
    try:
        verdict = inquiry.ask(program.address(values), question)
    except inquiry.InquiryError as error:
        verdict = str(error)
    healthy = verdict == inquiry.OK
    tell(f"{program.name}: {'healthy' if healthy else shown(verdict, 200)}\n")
    raise SystemExit(0 if healthy else UNHEALTHY)
