"""Where episodes of a manifest are acted out: its actors, one engine and one measure of familiarity a task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.artifact.rows import Identity, build_row
from harness.contract.policy import Runtime
from harness.contract.scenes import draw_scene
from harness.contract.task import Engine, Task
from harness.demonstrations import read
from harness.evidence.familiarity import Familiarity
from harness.executors.crew import Actor, check_actor, check_engine, control_actor, policy_actor
from harness.executors.training import Ticket
from harness.faults.base import Fault
from harness.faults.realise import Realised, realise
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id
from harness.registry import load
from harness.rollout.episode import Assignment, Rollout
from harness.rollout.rounds import Clock, rollouts

__all__ = ["Act", "Stage"]


@dataclass(frozen=True)
class Act:
    """One episode acted out: what happened, and the row that says so."""

    rollout: Rollout
    row: dict[str, Any]


class Stage:
    """Builds on demand what episodes need, once, and checks every actor before it acts (law 12).

    Args:
        manifest: whose episodes are acted out.
        tickets: the checkpoints, by label and task.
        runtime: threads and device; never changes a result.
    """

    def __init__(self, manifest: Manifest, tickets: Mapping[tuple[str, str], Ticket], runtime: Runtime) -> None:
        self._manifest = manifest
        self._policies = {(spec.label, spec.task): spec for spec in manifest.policies}
        self._controls = {spec.label: spec for spec in manifest.controls}
        self._tickets, self._runtime = tickets, runtime
        self._engines: dict[str, Engine] = {}
        self._familiarities: dict[str, Familiarity] = {}
        self._actors: dict[tuple[str, str], Actor] = {}

    def actor(self, label: str, task_id: str) -> Actor:
        """The policy or control behind a label, checked."""
        where = (label, task_id)
        if where not in self._actors:
            actor = self._build(label, task_id)
            check_actor(actor, self._engine(task_id))
            self._actors[where] = actor
        return self._actors[where]

    def act(
        self,
        label: str,
        task_id: str,
        keys: Sequence[EpisodeKey],
        *,
        lanes: int,
        clock: Clock | None = None,
        faults: Sequence[Fault] | None = None,
    ) -> Iterator[Act]:
        """Act out episodes of one policy on one task, in any order of completion.

        Args:
            label: of the policy or control that acts.
            task_id: task of all keys.
            keys: the episodes; each keeps the scene, the fault draws and the noise of its key, whoever acts.
            lanes: episodes side by side.
            clock: where time is booked.
            faults: act under these instead of those of each key's condition.
        """
        panel, actor, engine = self._manifest.panel, self.actor(label, task_id), self._engine(task_id)
        by_id = {episode_id(key, panel.panel_id): key for key in keys}
        realised: dict[str, Realised] = {}

        def assignments() -> Iterator[Assignment]:
            for episode, key in by_id.items():
                scene = draw_scene(engine.contract, panel.seed, key.cell.split, key.scene)
                acting = panel.conditions[key.cell.condition] if faults is None else faults
                realised[episode] = realise(
                    engine.contract, acting, seed=panel.seed, scene=scene, replicate=key.replicate
                )
                noise_key = (panel.seed, task_id, key.cell.split, key.scene, key.replicate, "policy/noise")
                yield Assignment(episode, scene, realised[episode].effects, noise_key)

        for rollout in rollouts(engine, actor.policy, actor.execution, assignments(), lanes=lanes, clock=clock):
            episode = rollout.assignment.episode
            key = by_id[episode]
            identity = _identity(episode, key, actor, panel.panel_id)
            measure = self._familiarity(task_id) if key.cell.purpose == "panel" else None
            yield Act(rollout, build_row(identity, rollout, realised.pop(episode), engine.contract, measure))

    def _engine(self, task_id: str) -> Engine:
        if task_id not in self._engines:
            self._engines[task_id] = load("tasks", task_id).engine(self._runtime.threads)
            check_engine(self._engines[task_id])
        return self._engines[task_id]

    def _familiarity(self, task_id: str) -> Familiarity:
        if task_id not in self._familiarities:
            task: Task = load("tasks", task_id)
            self._familiarities[task_id] = Familiarity(read(task.demonstrations, task.contract))
        return self._familiarities[task_id]

    def _build(self, label: str, task_id: str) -> Actor:
        if (label, task_id) in self._policies:
            return policy_actor(self._tickets[label, task_id], self._policies[label, task_id].name, self._runtime)
        spec = self._controls[label]
        inner = self._build(spec.of, task_id) if spec.of is not None else None
        return control_actor(spec, load("tasks", task_id), self._runtime, inner)


def _identity(episode: str, key: EpisodeKey, actor: Actor, panel_id: str) -> Identity:
    cell = key.cell
    return Identity(
        episode=episode,
        purpose=cell.purpose,
        policy=actor.label,
        method=actor.method,
        training_seed=actor.seed,
        policy_hash=actor.policy_hash,
        task=cell.task,
        split=cell.split,
        condition=cell.condition,
        scene=key.scene,
        replicate=key.replicate,
        panel_id=panel_id,
    )
