"""`python3 -m tests.benchmark`: measures this server beside others, and tells the figures."""

import argparse
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from server.descriptors import raise_limit
from shared.settings import seconds, whole_number
from tests.benchmark import client, growth, wrk
from tests.benchmark.contestants import Lineup, contestants, look
from tests.benchmark.cores import ALL, LOAD, pinned
from tests.benchmark.machine import machine
from tests.benchmark.race import Plan, Tell
from tests.benchmark.results import Results
from tests.benchmark.scenario import KILOBYTE, SCENARIOS, Scenario
from tests.benchmark.session import Session
from tests.demo.signals import on_ending

OTHERS: dict[str, Callable[[Tell], bool]] = {"client": client.run, "growth": growth.run}
"""Runs beside the scenarios. Each tells its figures, and returns whether all went well."""

NAMES = [*(scenario.name for scenario in SCENARIOS), "updates", "memory", *OTHERS]
PROGRAM = "python3 -m tests.benchmark"
CANNOT_RUN = 2  # the exit status, as of a wrong command line
INTERRUPTED = 130  # likewise, as shells have it for SIGINT
CONNECTIONS = 64  # of a scenario that the command line makes, unless it says otherwise


def main(arguments: list[str]) -> int:
    """Measure what the command line says; return the exit status, 1 where something failed."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.runs) - set(NAMES):
        parser.error(f"{', '.join(unknown)}: want some of {', '.join(NAMES)}")
    candidates = contestants(options.peers)
    if unknown := set(options.only) - {each.name for each in candidates}:
        parser.error(f"{', '.join(unknown)}: want {', '.join(each.name for each in candidates)}")
    if not wrk.is_there():
        sys.stderr.write(f"benchmark: {wrk.MISSING}\n")
        return CANNOT_RUN
    raise_limit()
    with pinned(LOAD):
        chosen = [each for each in candidates if not options.only or each.name in options.only]
        return _run(options, look(chosen), f"{PROGRAM} {shlex.join(arguments)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Measure this server beside others, on this machine, at the same time.",
    )
    add, number = parser.add_argument, whole_number(1, 10_000_000)
    add("runs", nargs="*", metavar="RUN", help=f"some of {', '.join(NAMES)}; or all")
    add("--rounds", type=number, default=5, metavar="N", help="of each scenario [default: 5]")
    text = "that a round lasts for each contestant [default: 3]"
    add("--seconds", type=seconds(0.2), default=3.0, metavar="SECONDS", help=text)
    text = "interpreter that can import uvicorn and granian [default: this one]"
    add("--peers", default=sys.executable, metavar="PYTHON", help=text)
    text = "a contestant; repeat it [default: all]"
    add("--only", action="append", default=[], metavar="NAME", help=text)
    add("--output", type=Path, metavar="FOLDER", help="write Markdown, JSON and a chart there")
    text = "instead of RUN, a scenario with 11 N + 1 bytes"
    add("--strings", type=number, metavar="N", help=text)
    text = "likewise, with so many kept connections"
    add("--connections", type=number, metavar="N", help=text)
    return parser


def _run(options: argparse.Namespace, lineup: Lineup, command: str) -> int:
    plan, say = Plan(options.rounds, options.seconds), partial(print, flush=True)
    results = Results(_facts(plan, lineup, command))
    session = Session(plan, lineup.present, results, say)
    runs = _runs(options, session)
    minutes = len(runs) * plan.duration(len(lineup.present)) / 60
    say(f"{len(runs)} runs, {plan.rounds} rounds of {plan.seconds:g} s: {minutes:.1f} minutes\n")
    session.tell(results.opening())
    kept = []
    for name, run in runs.items():
        kept.append(session.play(name, run))
        if options.output:
            results.write(options.output)
    return 0 if all(kept) else 1


def _facts(plan: Plan, lineup: Lineup, command: str) -> dict[str, Any]:
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "contestants": lineup.versions,
        "absent": lineup.absent,
        "plan": asdict(plan),
    }


def _runs(options: argparse.Namespace, session: Session) -> dict[str, Callable[[], bool]]:
    """Tell what is to be run, by name."""
    if options.strings or options.connections:
        strings, connections = options.strings or KILOBYTE, options.connections or CONNECTIONS
        title = f"{strings:,} strings, {connections:,} connections"
        return {"own": partial(session.race, Scenario("own", title, strings, connections))}
    runs: dict[str, Callable[[], bool]] = {
        scenario.name: partial(session.race, scenario) for scenario in SCENARIOS
    }
    runs |= {"updates": session.updates, "memory": session.memory}
    runs |= {name: partial(pinned(ALL)(run), session.tell) for name, run in OTHERS.items()}
    return {name: runs[name] for name in options.runs or NAMES}


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    on_ending(_interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # all processes have been ended on the way here
        sys.exit(INTERRUPTED)
