"""A supervisor at work: the expert takes over where an episode leaves the envelope, and hands back once it is safe.

A supervised episode is one of the panel acted out again in segments. Each begins where the one before was cut, in the
very state in which it was cut, so nothing new is stepped: the expert's segment begins in the policy's rollout, and the
policy's next one in the expert's. Scene, fault draws and noise are those of the episode (law 3). The result is a probe
row with its interventions; the panel's own rows, which are not supervised, only say where they left the envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np

from harness.artifact.reader import Artifact
from harness.contract.policy import Runtime
from harness.evidence.company import EXPERT
from harness.evidence.envelope import Envelope
from harness.executors.audit import check_repeats, open_manifest
from harness.executors.stage import Act, Call, stage_for
from harness.executors.watcher import Watcher
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id, episodes
from harness.rollout.episode import Beginning, Rollout

__all__ = ["SUPERVISED", "Supervised", "Terms", "supervise"]

SUPERVISED = "supervised"
"""Beginning of the column `probe` of a supervised episode; the terms follow."""
MOST = 20
"""Interventions after which the expert keeps an episode."""


@dataclass(frozen=True)
class Terms:
    """How a supervisor works.

    Attributes:
        envelopes: by task id; tasks without one are not supervised.
        safe_steps: steps in a row inside the envelope after which the expert hands back.
    """

    envelopes: Mapping[str, Envelope]
    safe_steps: int = 10

    def words(self, task: str) -> str:
        """Names a supervised episode among the probes of its parent."""
        return f"{SUPERVISED}: {self.envelopes[task]}; back after {self.safe_steps} safe steps"


@dataclass(frozen=True)
class Supervised:
    """What came of one episode.

    Attributes:
        parent: its row as recorded, unsupervised.
        row: of the supervised one, with its interventions.
        left: share of the unsupervised episode's steps outside of the envelope.
        seconds: control period.
    """

    parent: Mapping[str, Any]
    row: dict[str, Any]
    left: float
    seconds: float


@dataclass
class _Case:
    """One episode under way; `since` is the first step of the segment that runs next, or the rollout's end."""

    key: EpisodeKey
    stored: Mapping[str, Any]
    rollout: Rollout | None = None
    since: int = 0
    expert: bool = False
    over: bool = False
    left: float = 0.0
    interventions: list[dict[str, Any]] = field(default_factory=list)


def supervise(
    artifact: Artifact,
    chosen: Sequence[str],
    terms: Terms,
    runtime: Runtime,
    *,
    lanes: int | None = None,
    watcher: Watcher | None = None,
) -> list[Supervised]:
    """Act out episodes of the panel again under a supervisor.

    Args:
        artifact: whose episodes they are.
        chosen: ids of episodes of policies.
        terms: the envelope of every task among them.
        runtime: threads and device.
        lanes: episodes side by side; never changes a result.
        watcher: told what happens.

    Raises:
        ArtifactError: an episode does not repeat here bit for bit, so that nothing could be said of it.
    """
    manifest = open_manifest(artifact)
    keys = {episode_id(key, manifest.panel.panel_id): key for key in episodes(manifest)}
    stored = artifact.rows(set(chosen))
    cases = [_Case(keys[episode], stored[episode]) for episode in chosen]
    work = _Supervisor(manifest, cases, terms, runtime, lanes or manifest.run.lanes, watcher or Watcher())
    while open_cases := [case for case in cases if not case.over]:
        work.segment([case for case in open_cases if not case.expert], expert=False)
        work.segment([case for case in open_cases if case.expert and not case.over], expert=True)
    return [work.result(case) for case in cases]


class _Supervisor:
    """Runs segments of many episodes in one batch a policy and task."""

    def __init__(
        self, manifest: Manifest, cases: list[_Case], terms: Terms, runtime: Runtime, lanes: int, watcher: Watcher
    ) -> None:
        acting = {(case.key.cell.policy, case.key.cell.task) for case in cases}
        self._stage = stage_for(manifest, acting, runtime, watcher)
        self._manifest, self._terms, self._lanes, self._watcher = manifest, terms, lanes, watcher

    def segment(self, cases: list[_Case], *, expert: bool) -> None:
        """Run everybody from where they are to the end, and cut where the other has to take over."""
        tell = self._watcher.probing("expert in charge" if expert else "policy in charge", len(cases))

        def who(case: _Case) -> tuple[str, str]:
            return EXPERT if expert else case.key.cell.policy, case.key.cell.task

        for (label, task), group in groupby(sorted(cases, key=who), key=who):
            waiting = {self._call(case).episode(label, self._manifest.panel.panel_id): case for case in group}
            calls = [self._call(case) for case in waiting.values()]
            for act in self._stage.act(label, task, calls, lanes=min(self._lanes, len(calls))):
                case = waiting[act.row["episode"]]
                self._check(case, act)
                self._cut(case, act.rollout)
                tell(1)

    def _call(self, case: _Case) -> Call:
        if case.rollout is None:
            return Call(case.key)
        return Call(case.key, self._terms.words(case.key.cell.task), beginning=Beginning(case.rollout, case.since))

    def _check(self, case: _Case, act: Act) -> None:
        """The first segment is the recorded episode, to the end: if it does not repeat, nothing else would."""
        if case.rollout is not None:
            return
        check_repeats(case.stored, act.row, "a supervisor can only be tried where episodes repeat")
        contract = self._contract(case)
        case.left = float(self._terms.envelopes[contract.id].left(act.rollout.signals, contract).mean())

    def _cut(self, case: _Case, rollout: Rollout) -> None:
        """Find where the one who acted from `since` on is relieved, or that the episode is over."""
        contract, begun = self._contract(case), case.since
        envelope = self._terms.envelopes[contract.id]
        if case.rollout is not None:
            rollout = _joined(case.rollout, begun, rollout)
        case.rollout = rollout
        outside = envelope.left(rollout.signals, contract)
        if case.expert:
            at = _first(_safe(outside[begun:], self._terms.safe_steps), begun)
            case.interventions[-1]["length"] = (rollout.steps if at is None else at) - begun
            case.over = at is None or len(case.interventions) >= MOST
        else:
            at = _first(outside[begun:], begun)
            case.over = at is None or at >= rollout.steps
            if not case.over and at is not None:
                trigger = envelope.trigger(rollout.signals[at - 1], contract)
                case.interventions.append({"kind": "takeover", "step": at, "length": 0, "trigger": trigger})
        if not case.over and at is not None:
            case.since, case.expert = at, not case.expert

    def _contract(self, case: _Case) -> Any:
        return self._manifest.panel.tasks[f"{case.key.cell.task}/{case.key.cell.split}"].contract

    def result(self, case: _Case) -> Supervised:
        """The row of the whole, under the policy's name."""
        assert case.rollout is not None, "every case ran at least once"
        call = Call(case.key, self._terms.words(case.key.cell.task))
        row = self._stage.describe(case.key.cell.policy, call, case.rollout)
        row["interventions"] = case.interventions
        return Supervised(case.stored, row, case.left, self._contract(case).control_period_s)


def _first(found: Any, begun: int) -> int | None:
    """The step after the first one that is found, counted from the start of the episode."""
    return begun + int(np.argmax(found)) + 1 if found.any() else None


def _safe(outside: Any, steps: int) -> Any:
    """Where the last `steps` steps were all inside."""
    run = np.arange(1, len(outside) + 1) - np.maximum.accumulate(np.where(outside, np.arange(1, len(outside) + 1), 0))
    return run >= steps


def _joined(before: Rollout, cut: int, after: Rollout) -> Rollout:
    """What happened is in the later rollout whole; who was asked before the cut is only in the earlier one."""
    kept = int(np.searchsorted(before.query_steps, cut))
    return replace(
        after,
        query_steps=np.concatenate([before.query_steps[:kept], after.query_steps]),
        query_hashes=(*before.query_hashes[:kept], *after.query_hashes),
        inference_ms=np.concatenate([before.inference_ms[:kept], after.inference_ms]),
        diagnostics={},
    )
