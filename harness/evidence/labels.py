"""Labels: what the trace of a failed episode shows, by rules over its row (law 9: no simulator is needed).

Every rule reads one number off the row and compares it with a threshold. Its strength is number / threshold; the
strongest rule at or above 1 names the category, and the row keeps rule, step, number and threshold. If none reaches 1
the label is `undetermined`: abstaining beats guessing. One rule comes first: where the expert fails the same scene
under the same condition, the cell cannot be solved and the label is `evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CATEGORIES", "LABEL_VERSION", "RULES", "Label", "Rule", "label"]

LABEL_VERSION = "labels-v1"
CATEGORIES = (
    "perception",
    "state_estimation",
    "planning",
    "control",
    "timing",
    "data_coverage",
    "evaluation",
    "undetermined",
    "none",
)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Label:
    """A category with the evidence that gave it; the evidence is None for the category `none`."""

    category: str
    evidence: dict[str, Any] | None


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        value: the number, read off a row.
        threshold: where the rule starts to speak.
        step: the control step that shows it best, or -1.
        text: what to tell a person; `{value}` and `{threshold}` are filled in.
    """

    name: str
    category: str
    value: Callable[[Row], float]
    threshold: float
    text: str
    step: Callable[[Row], int] = lambda row: -1


def _exposure(name: str) -> Callable[[Row], float]:
    return lambda row: float(row["exposure"][name])


def _column(name: str) -> Callable[[Row], float]:
    return lambda row: float(row[name] or 0.0)


def _first_fault_step(row: Row) -> int:
    return min((int(fault["start"]) for fault in row["faults"]), default=-1)


def _missed_share(row: Row) -> float:
    """Share of steps without a plan, where latency is to blame; a plan that is merely short has no latency."""
    return float(row["deadline_misses"]) / max(int(row["steps"]), 1) if row["latency_steps"] else 0.0


def _first_missed_step(row: Row) -> int:
    return next((step for step, plan in enumerate(row["trace"]["plan_step"]) if plan < 0), -1)


def _untracked(row: Row) -> float:
    """Applied against commanded, where no delay explains the difference."""
    return 0.0 if row["exposure"]["command_delay"] else float(row["action_error"] or 0.0)


def _stalled(row: Row) -> float:
    """1 where, without any fault at work, the best progress was not reached in the last third of the episode."""
    progress = row["trace"]["progress"]
    return float(not row["faults"] and len(progress) > 0 and _best_step(row) < 2 * len(progress) / 3)


def _best_step(row: Row) -> int:
    progress = row["trace"]["progress"]
    return max(range(len(progress)), key=progress.__getitem__, default=-1)


RULES: tuple[Rule, ...] = (
    Rule(
        "simulation diverged",
        "control",
        lambda row: 100.0 * bool(row["diverged"]),
        1.0,
        "the simulation broke down after the last step",
        lambda row: int(row["steps"]),
    ),
    Rule(
        "frames dropped",
        "perception",
        _exposure("stale_share"),
        0.15,
        "{value:.0%} of the steps repeated an old frame",
        _first_fault_step,
    ),
    Rule(
        "frames late",
        "state_estimation",
        _exposure("frame_age"),
        1.0,
        "the median frame was {value:.1f} steps old",
        _first_fault_step,
    ),
    Rule(
        "sensor error",
        "state_estimation",
        _exposure("observation_error"),
        0.008,
        "a sensor was off by {value:.1%} of its range",
        _first_fault_step,
    ),
    Rule(
        "inference late",
        "timing",
        _exposure("latency"),
        1.0,
        "plans started {value:.1f} steps after they were asked for",
        _first_missed_step,
    ),
    Rule("deadlines missed", "timing", _missed_share, 0.05, "{value:.0%} of the steps had no plan", _first_missed_step),
    Rule(
        "commands late",
        "timing",
        _exposure("command_delay"),
        1.0,
        "commands arrived {value:.1f} steps late",
        _first_fault_step,
    ),
    Rule(
        "actuators saturated",
        "control",
        _column("saturation"),
        0.10,
        "a limit cut the command on {value:.0%} of the steps",
        _first_fault_step,
    ),
    Rule(
        "command not followed",
        "control",
        _untracked,
        0.02,
        "applied and commanded action differed by {value:.1%} of the range",
        _first_fault_step,
    ),
    Rule(
        "dynamics changed",
        "control",
        _exposure("dynamics"),
        0.4,
        "the model differed by a factor 2^{value:.1f}",
        _first_fault_step,
    ),
    Rule(
        "object pushed",
        "control",
        _exposure("push"),
        0.2,
        "the object was pushed with {value:.1f} N",
        _first_fault_step,
    ),
    Rule(
        "far from the demonstrations",
        "data_coverage",
        _column("demonstration_distance"),
        1.5,
        "the visited states were {value:.1f} times as far from the demonstrations as these are from each other",
    ),
    Rule("progress stalled", "planning", _stalled, 1.0, "progress stopped growing, with no fault at work", _best_step),
)


def label(row: Row, *, expert_solved: bool | None) -> Label:
    """The label of one row.

    Args:
        row: a row of schema v1.
        expert_solved: whether the expert solved the same task, condition, scene and replicate; None if it did not run.
    """
    if row["outcome"] != "failure":
        return Label("none", None)
    if expert_solved is False and row["policy"] != "expert":
        text = "the expert, with perfect knowledge of the state, fails this scene under this condition too"
        return Label("evaluation", _evidence("expert fails too", -1, 1.0, 1.0, text))
    strength, _, rule, value = max(
        ((rule.value(row) / rule.threshold, -index, rule, rule.value(row)) for index, rule in enumerate(RULES)),
        key=lambda item: item[:2],
    )
    if strength < 1:
        return Label(
            "undetermined", _evidence("no rule speaks", -1, strength, 1.0, "no evidence reaches its threshold")
        )
    text = rule.text.format(value=value, threshold=rule.threshold)
    return Label(rule.category, _evidence(rule.name, rule.step(row), value, rule.threshold, text))


def _evidence(rule: str, step: int, value: float, threshold: float, text: str) -> dict[str, Any]:
    return {"rule": rule, "step": step, "value": value, "threshold": threshold, "text": text}
