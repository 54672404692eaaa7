"""Why episodes failed: the probes that decide it, run in batches over all of them, and the verdicts.

Every probe is an episode on the stage of the run with one thing changed, a row of its own, and shares scene, fault
draws and noise with its parent. Cases advance side by side: each phase asks all of them what they need next, and runs
that in one batch a policy and task, since a forward pass costs the same for one lane as for many. A case asks for
nothing more once its verdict is settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from harness.artifact.reader import Artifact
from harness.contract.policy import Runtime
from harness.errors import UnknownIdError
from harness.evidence.causes import Facts, Subset, Verdict, compared, conclude, wanted
from harness.evidence.company import EVERYWHERE, EXPERT, Company
from harness.executors.audit import check_repeats, open_manifest
from harness.executors.stage import Act, Call, stage_for
from harness.executors.watcher import Watcher
from harness.faults.base import AgentFault, Fault
from harness.faults.catalogue import acting_on
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id, episodes
from harness.rollout.episode import Beginning, Rollout
from harness.seeding import generator

__all__ = ["Budget", "Explanation", "explain"]

LATER = 4
"""Steps after a point of no return that are asked before it is believed."""


@dataclass(frozen=True)
class Budget:
    """How much is spent.

    Attributes:
        episodes: failed episodes to explain, a seeded draw among those of the policies; named ones, which may be
            controls', come instead.
        replicates: redraws of the policy noise for each set of faults that the verdict compares.
        named: beginnings of ids of episodes.
        seed: of the draw.
    """

    episodes: int = 40
    replicates: int = 4
    named: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Explanation:
    """What came of it.

    Attributes:
        verdicts: by episode, with the values of the columns `cause`, `verdict` and `point_of_no_return`.
        probes: rows of the probes.
        steps: control steps that the probes ran.
    """

    verdicts: dict[str, dict[str, Any]]
    probes: list[dict[str, Any]]
    steps: int


@dataclass
class _Case:
    """One failed episode under investigation.

    Attributes:
        takeovers: whether the expert saves the episode by taking over at a control step; empty where it never does, or
            was not asked.
    """

    episode: str
    key: EpisodeKey
    faults: tuple[Fault, ...]
    facts: Facts
    rollout: Rollout | None = None
    takeovers: dict[int, bool] = field(default_factory=dict)
    probes: list[str] = field(default_factory=list)

    @property
    def asks_expert(self) -> bool:
        """Whether nobody has seen the expert here yet."""
        return self.facts.expert is None

    @property
    def point_of_no_return(self) -> int | None:
        """The last control step from which the expert is known to save the episode."""
        return max((step for step, saved in self.takeovers.items() if saved), default=None)

    def call(self, kept: Subset, noise: int = 0) -> Call:
        """The policy again, under some of the faults."""
        gone = [fault.identity for fault in self.faults if fault.identity not in kept]
        parts = [f"without {', '.join(gone)}" if kept else "nominal twin"] if gone else []
        parts += [f"noise redrawn {noise}"] if noise else []
        faults = tuple(fault for fault in self.faults if fault.identity in kept)
        return Call(self.key, ", ".join(parts), faults, noise)


def explain(
    artifact: Artifact, budget: Budget, runtime: Runtime, *, lanes: int | None = None, watcher: Watcher | None = None
) -> Explanation:
    """Find the causes of failed episodes.

    Raises:
        UnknownIdError: a named episode is not there, or is no failure.
        ArtifactError: an episode does not repeat here bit for bit, so that no probe could tell anything.
    """
    manifest = open_manifest(artifact)
    cases = _cases(artifact, manifest, budget)
    inquiry = _Inquiry(artifact, manifest, cases, runtime, lanes or manifest.run.lanes, watcher or Watcher())
    inquiry.recall_expert()
    inquiry.begin(budget.replicates)
    inquiry.ask_expert()
    inquiry.reduce()
    inquiry.redraw(budget.replicates)
    inquiry.bisect()
    verdicts = {case.episode: _columns(case) for case in cases}
    return Explanation(verdicts, inquiry.rows, inquiry.steps)


def _cases(artifact: Artifact, manifest: Manifest, budget: Budget) -> list[_Case]:
    keys = {episode_id(key, manifest.panel.panel_id): key for key in episodes(manifest)}
    rows = artifact.columns("episode", "purpose", "outcome").to_pylist()
    purposes = ("panel", "control") if budget.named else ("panel",)
    failed = [row["episode"] for row in rows if row["outcome"] == "failure" and row["purpose"] in purposes]
    if budget.named:
        chosen = {_named(name, failed) for name in budget.named}
    else:
        order = generator(budget.seed, "explain/cases").permutation(len(failed))
        chosen = {failed[k] for k in order[: budget.episodes]}
    return [_case(manifest, episode, keys[episode]) for episode in failed if episode in chosen]


def _named(name: str, failed: Sequence[str]) -> str:
    found = [episode for episode in failed if episode.startswith(name)]
    if len(found) != 1:
        raise UnknownIdError(
            f"episode {name!r}", expected="the beginning of one failed episode", got=f"{len(found)} such"
        )
    return found[0]


def _case(manifest: Manifest, episode: str, key: EpisodeKey) -> _Case:
    faults = acting_on(manifest.panel.conditions[key.cell.condition], key.cell.task)
    agents = {fault.identity: fault.agent for fault in faults if isinstance(fault, AgentFault) and fault.agent}
    return _Case(episode, key, faults, Facts({fault.identity: fault.category for fault in faults}, agents=agents))


def _columns(case: _Case) -> dict[str, Any]:
    found: Verdict = conclude(case.facts)
    share = {
        name: asdict(value) if value is not None and value.scored else None
        for name, value in (("necessity", found.necessity), ("sufficiency", found.sufficiency))
    }
    return {
        "cause": found.cause,
        "point_of_no_return": case.point_of_no_return,
        "verdict": {
            "kind": found.kind,
            "category": found.category,
            **share,
            "distance": case.facts.distance,
            "probes": case.probes,
            "text": found.text,
        },
    }


class _Inquiry:
    """The phases, in order; rows of probes are collected as they come."""

    def __init__(
        self,
        artifact: Artifact,
        manifest: Manifest,
        cases: list[_Case],
        runtime: Runtime,
        lanes: int,
        watcher: Watcher,
    ) -> None:
        self._artifact, self._manifest, self._cases, self._lanes = artifact, manifest, cases, lanes
        acting = {(case.key.cell.policy, case.key.cell.task) for case in cases}
        self._stage = stage_for(manifest, acting, runtime, watcher)
        self._watcher = watcher
        self._has_expert = any(control.label == EXPERT for control in manifest.controls)
        self.rows: list[dict[str, Any]] = []
        self.steps = 0

    def recall_expert(self) -> None:
        """What the panel's own control made of the same scenes under the same faults, where it ran."""
        company = Company(self._artifact.columns("purpose", "policy", "success", *EVERYWHERE).to_pylist())
        for case in self._cases:
            world = {**vars(case.key.cell), "scene": case.key.scene, "replicate": case.key.replicate}
            case.facts.expert = company.elsewhere(world).expert

    def begin(self, replicates: int) -> None:
        """Each episode as it was, and in the same batch what nearly every case will ask for."""
        asked = [(case, Call(case.key)) for case in self._cases]
        for case in self._cases:
            if case.facts.expert is not False:
                asked += [(case, case.call(subset)) for subset in wanted(case.facts)]
                asked += self._redraws(case, frozenset(), replicates)
        stored = self._artifact.rows({case.episode for case in self._cases})
        for case, act in self._run("first probes", asked):
            if act.call.probe:
                self._note(case, act)
            else:
                self._repeated(case, act, stored[case.episode])

    def _repeated(self, case: _Case, act: Act, stored: Mapping[str, Any]) -> None:
        """Takeovers begin in this rollout; that it repeats shows that probes mean something here."""
        check_repeats(stored, act.row, "causes can only be found where episodes repeat")
        case.rollout = act.rollout
        if not case.faults:
            case.facts.distance = act.row["start_distance"]

    def ask_expert(self) -> None:
        """From the start, where the panel's own control did not run."""
        if self._has_expert:
            missing = [(case, Call(case.key, "expert from the start")) for case in self._cases if case.asks_expert]
            for case, act in self._run("expert from the start", missing, EXPERT):
                case.facts.expert = bool(act.row["success"])
        for case in self._cases:
            if case.facts.expert and case.rollout is not None:
                case.takeovers = {0: True, case.rollout.steps: False}

    def reduce(self) -> None:
        """Run subsets of the faults until each case's smallest failing set is known."""
        solvable = [case for case in self._cases if case.facts.expert is not False]
        while asked := [(case, case.call(subset)) for case in solvable for subset in wanted(case.facts)]:
            for case, act in self._run("subsets of the faults", asked):
                self._note(case, act)

    def redraw(self, replicates: int) -> None:
        """Fresh noise for the sets of faults that the verdict compares, for policies that use noise."""
        asked = []
        for case in self._cases:
            if case.facts.expert is not False:
                sets = [kept for kept in compared(case.facts) if kept not in case.facts.redrawn]
                asked += [item for kept in sets for item in self._redraws(case, kept, replicates)]
        for case, act in self._run("noise redrawn", asked):
            self._note(case, act)

    def _redraws(self, case: _Case, kept: Subset, replicates: int) -> list[tuple[_Case, Call]]:
        """None for a policy that uses no noise."""
        cell = case.key.cell
        if self._stage.actor(cell.policy, cell.task).policy.contract.noise is None:
            return []
        return [(case, case.call(kept, k + 1)) for k in range(replicates)]

    def _note(self, case: _Case, act: Act) -> None:
        """What the policy made of a subset of the faults."""
        kept, success = frozenset(fault.identity for fault in act.call.faults or ()), bool(act.row["success"])
        if act.call.noise:
            case.facts.redrawn.setdefault(kept, []).append(success)
            return
        case.facts.outcomes[kept] = success
        if not kept:
            case.facts.distance = act.row["start_distance"]

    def bisect(self) -> None:
        """Find the last step from which the expert saves the episode.

        Later and later takeovers halve what is left. What saves from one step need not be lost for good at the next, so
        a few later steps are asked as well, and where one of them saves, the search goes on from there.
        """
        while asked := [(case, call) for case in self._cases for call in _takeovers(case)]:
            for case, act in self._run("expert takes over", asked, EXPERT):
                assert act.call.beginning is not None, "a takeover begins in another rollout"
                case.takeovers[act.call.beginning.step] = bool(act.row["success"])

    def _run(
        self, phase: str, asked: Sequence[tuple[_Case, Call]], actor: str | None = None
    ) -> list[tuple[_Case, Act]]:
        """Act out calls, in batches a policy and task; results come back in the order asked."""
        if not asked:
            return []
        tell = self._watcher.probing(phase, len(asked))

        def whom(item: tuple[_Case, Call]) -> tuple[str, str]:
            cell = item[0].key.cell
            return actor or cell.policy, cell.task

        found: dict[tuple[str, str], Act] = {}
        for (label, task_id), group in groupby(sorted(asked, key=whom), key=whom):
            calls = [call for _, call in group]
            for act in self._stage.act(label, task_id, calls, lanes=min(self._lanes, len(calls))):
                found[act.row["parent"] or act.row["episode"], act.call.probe] = act
                tell(1)
        results = [(case, found[case.episode, call.probe]) for case, call in asked]
        for case, act in results:
            self._keep(case, act)
        return results

    def _keep(self, case: _Case, act: Act) -> None:
        begun = act.call.beginning.step if act.call.beginning else 0
        self.steps += act.row["steps"] - begun
        if act.call.probe:
            self.rows.append(act.row)
            case.probes.append(act.row["episode"])


def _takeovers(case: _Case) -> list[Call]:
    """The expert taking over half-way between what saves and what loses; once they are neighbours, at later steps."""
    if case.rollout is None or not case.takeovers:
        return []
    saved = case.point_of_no_return
    assert saved is not None, "the expert saves the episode from the start"
    lost = min(step for step in case.takeovers if step > saved)
    if lost - saved > 1:
        steps = [(saved + lost) // 2]
    else:
        steps = [int(step) for step in np.linspace(lost, case.rollout.steps, LATER + 2)[1:-1]]
    fresh = dict.fromkeys(step for step in steps if step not in case.takeovers)
    return [
        Call(case.key, f"expert takes over at step {step}", beginning=Beginning(case.rollout, step)) for step in fresh
    ]
