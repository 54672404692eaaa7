"""Causes: what the outcomes of probes show about a failed episode, and which probe to run next. Nothing is run here.

An episode failed under a set of faults. It is acted out again under subsets of them: the smallest set that still fails
is the cause (delta debugging by greedy deletion, after Zeller 2002), if over redraws of the policy noise most of the
failures under it would not have been without it. An episode that fails without any fault fails by the policy, or by
its noise. One that the expert cannot solve either was never the policy's to solve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.evidence.labels import COVERED
from harness.statistics.proportions import Proportion, wilson

__all__ = [
    "Facts",
    "Kind",
    "Subset",
    "Verdict",
    "compared",
    "conclude",
    "probability_of_necessity",
    "smallest_failing",
    "wanted",
]

DECISIVE = 0.5
"""Probability below which a failure is not put down to a cause."""

type Subset = frozenset[str]
Kind = Literal["single", "interaction", "redundant", "intrinsic", "chance", "infeasible", "undetermined"]


@dataclass
class Facts:
    """What is known of one failed episode.

    Attributes:
        categories: of its faults, by identity, in the order in which they compose.
        expert: whether the expert solves the scene under the same faults; None if it was not asked.
        outcomes: whether the policy succeeds under a subset of the faults, with the noise of the episode.
        redrawn: the same under fresh noise, a list a subset; empty for a policy without noise.
        distance: of the scene's start to those of the demonstrations; None if unknown.
        agents: on whom those of its faults act that act on one agent only, by identity.
    """

    categories: Mapping[str, str]
    expert: bool | None = None
    outcomes: dict[Subset, bool] = field(default_factory=dict)
    redrawn: dict[Subset, list[bool]] = field(default_factory=dict)
    distance: float | None = None
    agents: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outcomes[self.all] = False

    @property
    def all(self) -> Subset:
        """Every fault of the episode."""
        return frozenset(self.categories)


@dataclass(frozen=True)
class Verdict:
    """What the probes show.

    Attributes:
        kind: `single` fault; `interaction` of faults that are harmless alone; `redundant`, where other faults suffice,
            too; `intrinsic` to the policy; `chance`, where other noise would mostly have succeeded; `infeasible`, where
            the expert fails as well; `undetermined`.
        category: one of `harness.evidence.labels.CATEGORIES`.
        cause: identities of the faults joined by " + ", or `policy`, `policy noise`, `scene`, `undetermined`.
        necessity: share of noise draws that succeed once the cause is taken away.
        sufficiency: share of noise draws that fail under the cause alone.
        text: for a person.
    """

    kind: Kind
    category: str
    cause: str
    necessity: Proportion | None
    sufficiency: Proportion | None
    text: str


def wanted(facts: Facts) -> tuple[Subset, ...]:
    """Subsets of the faults under which to run the policy next; empty once nothing is left to ask."""
    first = [frozenset[str](), *(facts.all - {name} for name in facts.categories)]
    missing = tuple(dict.fromkeys(subset for subset in first if subset not in facts.outcomes))
    if missing or not facts.categories or not facts.outcomes[frozenset()]:
        return missing
    if unknown := [subset for subset in _deletions(facts) if subset not in facts.outcomes]:
        return tuple(unknown)
    rest = facts.all - smallest_failing(facts)
    return () if rest in facts.outcomes else (rest,)


def smallest_failing(facts: Facts) -> Subset:
    """A set of faults that fails while each of its largest proper subsets succeeds; empty if no fault is needed.

    Raises:
        KeyError: an outcome is missing, see `wanted`.
    """
    kept = facts.all
    if not kept or not facts.outcomes[frozenset()]:
        return frozenset()
    for subset in _deletions(facts):
        if not facts.outcomes[subset]:
            kept = subset
    return kept


def _deletions(facts: Facts) -> Iterator[Subset]:
    """Subsets that greedy deletion asks for, given the outcomes so far; stops where one is missing."""
    kept = facts.all
    for name in facts.categories:
        subset = kept - {name}
        yield subset
        if subset not in facts.outcomes:
            return
        if not facts.outcomes[subset]:
            kept = subset


def compared(facts: Facts) -> tuple[Subset, ...]:
    """Subsets whose outcomes under redrawn noise the verdict reads."""
    cause = smallest_failing(facts)
    return tuple(dict.fromkeys((cause, facts.all - cause))) if cause else (frozenset(),)


def conclude(facts: Facts) -> Verdict:
    """The verdict.

    Raises:
        KeyError: an outcome is missing, see `wanted`.
    """
    if facts.expert is False:
        text = "the expert fails this scene under these faults too, so it says nothing about the policy"
        return Verdict("infeasible", "evaluation", "scene", None, None, text)
    cause = smallest_failing(facts)
    return _by_faults(facts, cause) if cause else _by_policy(facts)


def _by_policy(facts: Facts) -> Verdict:
    """The episode fails without any fault."""
    rescued = wilson(*_count(facts.redrawn.get(frozenset(), ())))
    if rescued.scored and rescued.rate > DECISIVE:
        if facts.categories:
            text = f"it fails without any fault too, but other noise succeeds in {_share(rescued)}: noise or faults?"
            return Verdict("undetermined", "undetermined", "undetermined", rescued, None, text)
        text = f"other policy noise succeeds in {_share(rescued)} of the draws on this very scene"
        return Verdict("chance", "planning", "policy noise", rescued, None, text)
    why = "no fault is at work" if not facts.categories else "it fails without any fault too"
    if facts.distance is not None and facts.distance >= COVERED:
        text = f"{why}, and the scene starts {facts.distance:.1f} times as far from all demonstrations as they do"
        return Verdict("intrinsic", "data_coverage", "policy", None, None, text)
    text = (
        f"{why}, and the scene starts like demonstrations that it was trained on, but the policy does not get through"
    )
    return Verdict("intrinsic", "planning", "policy", None, None, text)


def _by_faults(facts: Facts, cause: Subset) -> Verdict:
    """The episode succeeds without faults, and `cause` is a smallest set that fails."""
    rest = facts.all - cause
    names = [name for name in facts.categories if name in cause]
    necessity = wilson(*_count([facts.outcomes[rest], *facts.redrawn.get(rest, ())]))
    failed, scored = _count([not facts.outcomes[cause], *(not ok for ok in facts.redrawn.get(cause, ()))])
    sufficiency = wilson(failed, scored)
    categories = list(dict.fromkeys(facts.categories[name] for name in names))
    joined = " + ".join(names)
    whose = " and ".join(dict.fromkeys(facts.agents[name] for name in names if name in facts.agents))
    numbers = f"fails under it alone in {_share(sufficiency)}, succeeds without it in {_share(necessity)}"
    numbers = f"a fault of the {whose}: {numbers}" if whose else numbers
    if not facts.outcomes[rest]:
        text = f"{joined} suffices (fails in {_share(sufficiency)}), but the other faults bring it down as well"
        return Verdict("redundant", categories[0], joined, necessity, sufficiency, text)
    if probability_of_necessity(necessity, sufficiency) < DECISIVE:
        text = f"{joined}: {numbers}; the policy's noise decides as much"
        return Verdict("undetermined", "undetermined", "undetermined", necessity, sufficiency, text)
    if len(names) > 1:
        return Verdict("interaction", categories[0], joined, necessity, sufficiency, f"only together: {numbers}")
    return Verdict("single", categories[0], joined, necessity, sufficiency, numbers)


def probability_of_necessity(necessity: Proportion, sufficiency: Proportion) -> float:
    """Of the failures under a cause, the share that would not have failed without it: the excess risk ratio.

    1 - P(fails without) / P(fails under it), at least 0 (Tian and Pearl 2000, "Probabilities of causation", for a cause
    that is set by hand and never helps). A fault under which a policy fails rarely is the whole reason for those
    failures if the policy never fails without it.
    """
    return max(0.0, 1 - (1 - necessity.rate) / sufficiency.rate) if sufficiency.rate else 0.0


def _count(outcomes: Iterable[bool]) -> tuple[int, int]:
    found = list(outcomes)
    return sum(found), len(found)


def _share(share: Proportion) -> str:
    return f"{share.successes} of {share.scored}"
