"""Labels: what the trace of a failed episode shows, by rules over its row (law 9: no simulator is needed).

Two other rows of the artifact come first. Where the expert fails the same scene under the same condition, the cell
cannot be solved and the label is `evaluation`. Where the policy fails the same scene without any fault too, the faults
are not to blame, and where it succeeds without them, they are.

Every rule then reads one number off the row and compares it with a threshold. Its strength is number / threshold; the
strongest one names the category, and the row keeps rule, step, number and threshold. If none reaches 1 the label is
`undetermined`: abstaining beats guessing.

Faults at work explain a failure by what they amounted to. Without them it is the policy's own: `data_coverage` if no
demonstration that it was trained on starts like this scene, else `planning`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.contract.failure import BLAMES

__all__ = ["CATEGORIES", "COVERED", "LABEL_VERSION", "RULES", "Elsewhere", "Label", "Rule", "label"]

LABEL_VERSION = "labels-v2"
CATEGORIES = (*BLAMES, "undetermined", "none")

COVERED = 1.0
"""Distance of a start to the starts of the demonstrations, in 99th percentiles of theirs, above which it is new."""
STRAYED = 1.5
"""Distance of a frame to the demonstrated frames, in 99th percentiles of theirs, above which it is far."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Label:
    """A category with the evidence that gave it; the evidence is None for the category `none`."""

    category: str
    evidence: dict[str, Any] | None


@dataclass(frozen=True)
class Elsewhere:
    """What other rows say of the same scene and replicate; None where there is no such row, or it is an error.

    Attributes:
        expert: whether the expert solved it under the same condition.
        nominal: whether the same policy solved it without any fault.
    """

    expert: bool | None = None
    nominal: bool | None = None


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        of_faults: reads what faults did; the others read what the policy did by itself.
        value: the number, read off a row.
        threshold: where the rule starts to speak.
        step: the control step that shows it best, or -1.
        text: what to tell a person; `{value}` and `{threshold}` are filled in.
        by_agent: the number's name in `harness.evidence.exposure.OF_AGENT`, if it is one that an agent can have alone.
    """

    name: str
    category: str
    value: Callable[[Row], float]
    threshold: float
    text: str
    step: Callable[[Row], int] = lambda row: -1
    of_faults: bool = True
    by_agent: str = ""


def _exposure(name: str) -> Callable[[Row], float]:
    return lambda row: float(row["exposure"].get(name) or 0.0)


def _column(name: str) -> Callable[[Row], float]:
    return lambda row: float(row[name] or 0.0)


def _first_fault_step(row: Row) -> int:
    return min((int(fault["start"]) for fault in row["faults"]), default=-1)


def _missed_share(row: Row) -> float:
    """Share of steps without a plan, where latency is to blame; a plan that is merely short has no latency."""
    return float(row["deadline_misses"]) / max(int(row["steps"]), 1) if row["latency_steps"] else 0.0


def _first_missed_step(row: Row) -> int:
    return next((step for step, plan in enumerate(row["trace"]["plan_step"]) if plan < 0), -1)


def _by_agent(row: Row, name: str) -> dict[str, float]:
    """A number by agent; empty unless a fault of the episode acts on one agent."""
    told, beginning = row["exposure"], f"{name} of "
    return {key.removeprefix(beginning): float(told[key]) for key in told if key.startswith(beginning)}


def _where_actions_are_touched(name: str) -> Callable[[Row], float]:
    """A column, where a fault acts on commands: what a policy makes of bad frames may run into limits, too.

    Where a fault acts on one agent, that of the agent with the most: the others would only dilute it.
    """
    return lambda row: (
        max(float(row[name] or 0.0), *_by_agent(row, name).values(), 0.0)
        if row["exposure"].get("action_fault", 1.0)
        else 0.0
    )


def _untracked(row: Row) -> float:
    """Applied against commanded, where nothing that is late explains the difference."""
    late = row["exposure"]["command_delay"] or row["exposure"].get("command_period")
    return 0.0 if late else _where_actions_are_touched("action_error")(row)


def _stalled(row: Row) -> float:
    """1 where the best progress was not reached in the last third of the episode."""
    progress = row["trace"]["progress"]
    return float(len(progress) > 0 and _best_step(row) < 2 * len(progress) / 3)


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
        by_agent="stale_share",
    ),
    Rule(
        "frames late",
        "state_estimation",
        _exposure("frame_age"),
        1.0,
        "the median frame was {value:.1f} steps old",
        _first_fault_step,
        by_agent="frame_age",
    ),
    Rule(
        "sensor error",
        "state_estimation",
        _exposure("observation_error"),
        0.008,
        "a sensor was off by {value:.1%} of its range",
        _first_fault_step,
        by_agent="observation_error",
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
        by_agent="command_delay",
    ),
    Rule(
        "commands rare",
        "timing",
        _exposure("command_period"),
        1.0,
        "a command was held for {value:.0f} steps more before the next one came",
        _first_fault_step,
        by_agent="command_period",
    ),
    Rule(
        "pictures spoiled",
        "perception",
        _exposure("pictures_touched"),
        0.2,
        "{value:.0%} of the pictures that the policy saw were spoiled by a fault of a camera",
        _first_fault_step,
    ),
    Rule(
        "actuators saturated",
        "control",
        _where_actions_are_touched("saturation"),
        0.10,
        "a limit cut the command on {value:.0%} of the steps",
        _first_fault_step,
        by_agent="saturation",
    ),
    Rule(
        "command not followed",
        "control",
        _untracked,
        0.02,
        "applied and commanded action differed by {value:.1%} of the range",
        _first_fault_step,
        by_agent="action_error",
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
        "object moved",
        "planning",
        _exposure("shift"),
        0.01,
        "the object was moved by {value:.2f} m, and the policy did not get over it",
        _first_fault_step,
    ),
    Rule(
        "starts unlike the demonstrations",
        "data_coverage",
        _column("start_distance"),
        COVERED,
        "the scene starts {value:.1f} times as far from all demonstrations as these start from each other",
        lambda row: 0,
        of_faults=False,
    ),
    Rule(
        "strayed from the demonstrations",
        "planning",
        _column("demonstration_distance"),
        STRAYED,
        "from a familiar start the policy strayed {value:.1f} times as far as demonstrations are from each other",
        of_faults=False,
    ),
    Rule(
        "progress stalled",
        "planning",
        _stalled,
        1.0,
        "progress stopped growing, with no fault to blame",
        _best_step,
        of_faults=False,
    ),
    Rule(
        "nothing else to blame",
        "planning",
        lambda row: 1.0,
        1.0,
        "no fault is to blame, the start is familiar and the expert solves it: the policy did not get there in time",
        of_faults=False,
    ),
)


def label(row: Row, elsewhere: Elsewhere) -> Label:
    """The label of one row.

    Args:
        row: a row of schema v1.
        elsewhere: what other rows say of the same scene.
    """
    if row["outcome"] != "failure":
        return Label("none", None)
    if elsewhere.expert is False and row["policy"] != "expert":
        text = "the expert, with perfect knowledge of the state, fails this scene under this condition too"
        return Label("evaluation", _evidence("expert fails too", -1, 1.0, 1.0, text))
    by_faults = bool(row["faults"]) and elsewhere.nominal is not False
    return _by_faults(row, elsewhere) if by_faults else _by_policy(row)


def _by_faults(row: Row, elsewhere: Elsewhere) -> Label:
    """The strongest rule about faults; where the same policy succeeds without them, the weakest trace is enough."""
    strength, rule = _strongest(row, of_faults=True)
    if strength >= 1 or (elsewhere.nominal and strength > 0):
        return _said(rule, row, " (without faults the policy succeeds here)" if elsewhere.nominal else "")
    return Label("undetermined", _evidence("no rule speaks", -1, strength, 1.0, "no evidence reaches its threshold"))


def _by_policy(row: Row) -> Label:
    """An unfamiliar start outweighs what the policy then did; something always speaks."""
    start = next(rule for rule in RULES if rule.category == "data_coverage")
    rule = start if start.value(row) >= start.threshold else _strongest(row, of_faults=False)[1]
    return _said(rule, row, " (the policy fails here without any fault too)" if row["faults"] else "")


def _strongest(row: Row, *, of_faults: bool) -> tuple[float, Rule]:
    strength, _, rule = max(
        (
            (rule.value(row) / rule.threshold, -index, rule)
            for index, rule in enumerate(RULES)
            if rule.of_faults is of_faults
        ),
        key=lambda item: item[:2],
    )
    return strength, rule


def _said(rule: Rule, row: Row, remark: str) -> Label:
    value = rule.value(row)
    whose = _whose(rule, row, value)
    text = rule.text.format(value=value, threshold=rule.threshold) + (f" ({whose})" if whose else "") + remark
    return Label(rule.category, _evidence(rule.name, rule.step(row), value, rule.threshold, text))


def _whose(rule: Rule, row: Row, value: float) -> str:
    """The agents that the number is of, if it is not that of all."""
    numbers = _by_agent(row, rule.by_agent) if rule.by_agent else {}
    reached = [agent for agent, number in numbers.items() if number >= value]
    return " and ".join(reached) if len(reached) < len(numbers) else ""


def _evidence(rule: str, step: int, value: float, threshold: float, text: str) -> dict[str, Any]:
    return {"rule": rule, "step": step, "value": value, "threshold": threshold, "text": text}
