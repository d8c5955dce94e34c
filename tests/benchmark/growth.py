"""Growth: what the client's work costs for a thousand strings an endpoint, and for a million."""

from collections.abc import Callable

from tests.benchmark.client import Cost, heavy_bodies, measure

SIZES = (1_000, 10_000, 100_000, 1_000_000)  # strings of each endpoint
COMPARED = 10_000  # strings from which on the cost of one counts; below, it is the client's own
MOST_GROWTH = 1.5  # times the processor time a string, at the largest size
FEWEST_SECONDS = 0.01  # of processor time; the clock ticks a hundred times a second

TITLE = "### The client, three endpoints of so many strings, half of them shared"
HEAD = (
    "| strings | time, s | CPU, s | CPU a string, µs | × the row before | peak, MB | at rest, MB "
    "| on the socket, MB |"
)


def run(tell: Callable[[str], None]) -> bool:
    """Measure, and tell a table; False where a string costs more the more there are."""
    rows = [TITLE, "", HEAD, "|" + "--:|" * (HEAD.count("|") - 1)]
    each = dict[int, float]()
    for strings in SIZES:
        cost = measure(heavy_bodies(strings))
        before = next(reversed(each.values()), None)
        each[strings] = max(cost.cpu, FEWEST_SECONDS) / strings
        rows.append(_row(strings, cost, each[strings], before))
    tell("\n".join(rows))
    return each[SIZES[-1]] <= MOST_GROWTH * each[COMPARED]


def _row(strings: int, cost: Cost, each: float, before: float | None) -> str:
    """Render a row; `each` is the processor time of a string, `before` that of the row before."""
    cells = [
        f"{strings:,}",
        f"{cost.seconds:.2f}",
        f"{cost.cpu:.2f}",
        f"{1e6 * each:.2f}",
        f"{each / before:.2f}" if before else "",
        f"{cost.peak / 1e6:.0f}",
        f"{cost.rest / 1e6:.0f}",
        f"{cost.sent / 1e6:.2f}",
    ]
    return f"| {' | '.join(cells)} |"
