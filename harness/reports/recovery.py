"""Recovery: after a fault that acted in a window, did progress resume, how soon, and was the episode solved after all.

A fault counts once an episode. Left out are episodes that ended in an error, and faults that came too late to disturb:
when the task had been solved already, or the episode had ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64, Int64

from harness.contract.fields import Array
from harness.reports.shares import share
from harness.reports.worlds import codes
from harness.statistics.intervals import Interval

__all__ = ["Recovery", "Windows", "median_wait", "recover", "windows"]


@dataclass(frozen=True)
class Recovery:
    """What became of some windows.

    Attributes:
        windows: how many disturbed a scored episode.
        late: how many more came too late to disturb.
        resumed: after how many progress resumed, or the task was solved.
        solved: how many were in an episode that succeeded.
        resumed_share, solved_share: with intervals over scenes; None without a window.
        steps, seconds: median time from the end of the window until progress resumed, control steps and seconds;
            None if it is longer than was waited for.
    """

    windows: int
    late: int
    resumed: int
    solved: int
    resumed_share: Interval | None
    solved_share: Interval | None
    steps: float | None
    seconds: float | None


@dataclass(frozen=True, eq=False)
class Windows:
    """Every fault in a window of a scored episode.

    Attributes:
        row: of the episode.
        fault: which of `faults`.
        faults: identities, in order of appearance.
        late: it came too late to disturb.
        resumed: progress resumed.
        wait: control steps from the end of the window until progress resumed or, where it did not, the episode ended.
        solved: the episode succeeded.
    """

    row: Int64[Array, " windows"]
    fault: Int64[Array, " windows"]
    faults: tuple[str, ...]
    late: Bool[Array, " windows"]
    resumed: Bool[Array, " windows"]
    wait: Float64[Array, " windows"]
    solved: Bool[Array, " windows"]


def windows(table: pa.Table) -> Windows:
    """Read them off the columns `recovery`, `steps`, `success` and `success_step`."""
    column = table["recovery"]
    flat = pc.list_flatten(column)
    row = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    fault, faults = codes(pc.struct_field(flat, "fault").cast(pa.string()))
    steps, success, solved_at = (
        table[name].cast(pa.float64()).to_numpy()[row] for name in ("steps", "success", "success_step")
    )
    start, stop, after = (pc.struct_field(flat, name).cast("double").to_numpy() for name in ("start", "stop", "steps"))
    resumed = pc.fill_null(pc.struct_field(flat, "recovered"), False).to_numpy().astype(bool)
    # Solved while the fault still acted: recovered, and nothing was waited for.
    wait = np.where(resumed, np.nan_to_num(after), np.maximum(steps - stop, 0))
    scored = ~np.isnan(success)
    found = Windows(
        row=row,
        fault=fault,
        faults=tuple(str(name) for name in faults),
        late=(steps <= start) | (solved_at <= start),
        resumed=resumed,
        wait=wait,
        solved=success == 1,
    )
    return _only(found, np.flatnonzero(scored))


def recover(
    found: Windows,
    chosen: Bool[Array, " windows"],
    scenes: Int64[Array, " rows"],
    periods: Float64[Array, " rows"],
    *,
    seed: int = 0,
    confidence: float = 0.95,
) -> Recovery:
    """Count some windows.

    Args:
        found: all of them.
        chosen: which are counted.
        scenes: number of the scene of every row of the table.
        periods: control period of every row's task, s.
        seed: of the resampling.
        confidence: of the intervals.
    """
    own = _only(found, np.flatnonzero(chosen & ~found.late))
    clusters = scenes[own.row]
    return Recovery(
        windows=len(own.row),
        late=int((chosen & found.late).sum()),
        resumed=int(own.resumed.sum()),
        solved=int(own.solved.sum()),
        resumed_share=share(own.resumed, clusters, seed, confidence),
        solved_share=share(own.solved, clusters, seed, confidence),
        steps=median_wait(own.wait, own.resumed),
        seconds=median_wait(own.wait * periods[own.row], own.resumed),
    )


def median_wait(wait: Float64[Array, " windows"], resumed: Bool[Array, " windows"]) -> float | None:
    """Shortest time by which half of them have resumed, by the product limit of Kaplan and Meier (1958).

    A window after which progress did not resume says only that it takes longer than was waited for. The median of the
    others would flatter a policy that rarely resumes.

    Args:
        wait: time until progress resumed, or until nobody waited any more; any unit.
        resumed: which of the two.

    Returns:
        None if fewer than half resumed in the time that was waited for.
    """
    times, which = np.unique(wait[resumed], return_inverse=True)
    events = np.bincount(which, minlength=len(times))
    waiting = len(wait) - np.searchsorted(np.sort(wait), times)
    left = np.cumprod(1 - events / np.maximum(waiting, 1))
    reached = np.flatnonzero(left <= 0.5 + 1e-12)
    return float(times[reached[0]]) if len(reached) else None


def _only(found: Windows, chosen: Int64[Array, " chosen"]) -> Windows:
    return Windows(
        row=found.row[chosen],
        fault=found.fault[chosen],
        faults=found.faults,
        late=found.late[chosen],
        resumed=found.resumed[chosen],
        wait=found.wait[chosen],
        solved=found.solved[chosen],
    )
