"""Beats as they are seen from outside: late on a busy machine, but on one grid."""

from collections.abc import Sequence

TOLERANCE = 0.2  # of a period: what counts as on the grid, however busy the machine is


def share_on_grid(moments: Sequence[float], period: float) -> float:
    """Tell which share of the moments lies on one grid of this period, or a little behind it.

    Both are in seconds. The grid is the one on which most of them lie, for each may be late. Of
    moments without any grid it is a half where there are ten, a third where there are forty.
    """
    return max(
        sum(((moment - anchor) / period + 1e-6) % 1 < TOLERANCE for moment in moments)
        / len(moments)
        for anchor in moments
    )
