"""Where episodes of a manifest are acted out: its actors, one engine and one measure of familiarity a task."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.artifact.rows import Identity, build_row
from harness.contract.policy import Runtime
from harness.contract.scenes import draw_scene
from harness.contract.task import Engine, Scene, Task
from harness.demonstrations import read
from harness.evidence.familiarity import Familiarity
from harness.executors.crew import Actor, check_actor, check_engine, control_actor, policy_actor
from harness.executors.studio import artist_for
from harness.executors.teams import AnyTicket, checkpoints, ticket_for
from harness.executors.training import train_missing
from harness.executors.watcher import Watcher
from harness.faults.base import Fault
from harness.faults.realise import Realised, realise
from harness.hashing import content_hash
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id
from harness.registry import load
from harness.rollout.episode import Assignment, Beginning, Rollout
from harness.rollout.rounds import Clock, rollouts
from harness.rollout.sight import Artist

__all__ = ["Act", "Call", "Stage", "stage_for"]


ENGINES = 2
"""Most engines at a time; who acts out many tasks takes them one after the other."""


@dataclass(frozen=True)
class Call:
    """One episode to act out: one of the plan, or a probe, which is one of the plan with something changed.

    Scene, fault draws and noise are those of the key, whoever acts and whatever is changed (law 3).

    Attributes:
        probe: what is changed, in words that name the probe among those of its episode; "" for an episode of the plan.
        faults: act under these instead of those of the key's condition.
        noise: 0 for the policy noise of the key, k for its k-th redraw.
        beginning: what has happened before the actor takes over; None to start from the scene.
    """

    key: EpisodeKey
    probe: str = ""
    faults: tuple[Fault, ...] | None = None
    noise: int = 0
    beginning: Beginning | None = None

    def episode(self, label: str, panel_id: str) -> str:
        """Id of the row that it will become, acted by the policy of that label."""
        planned = episode_id(self.key, panel_id)
        return content_hash({"parent": planned, "probe": self.probe, "actor": label})[:12] if self.probe else planned


@dataclass(frozen=True)
class Act:
    """One episode acted out: what was asked for, what happened, and the row that says so."""

    call: Call
    rollout: Rollout
    row: dict[str, Any]


class Stage:
    """Builds on demand what episodes need, once, and checks every actor before it acts (law 12).

    Args:
        manifest: whose episodes are acted out.
        tickets: the checkpoints, by label and task.
        runtime: threads and device; never changes a result.
        every_step: draw every frame of the cameras that a policy reads, seen or not; for `bench`.
    """

    def __init__(
        self,
        manifest: Manifest,
        tickets: Mapping[tuple[str, str], AnyTicket],
        runtime: Runtime,
        *,
        every_step: bool = False,
    ) -> None:
        self._manifest = manifest
        self._policies = {(spec.label, spec.task): spec for spec in manifest.policies}
        self._controls = {spec.label: spec for spec in manifest.controls}
        self._tickets, self._runtime, self._every_step = tickets, runtime, every_step
        self._artists: dict[str, Artist] = {}
        self._engines: dict[str, Engine] = {}
        self._familiarities: dict[tuple[str, str], Familiarity] = {}
        self._actors: dict[tuple[str, str], Actor] = {}

    def actor(self, label: str, task_id: str) -> Actor:
        """The policy or control behind a label, checked."""
        where = (label, task_id)
        if where not in self._actors:
            actor = self._build(label, task_id)
            check_actor(actor, self._engine(task_id), self._artist(actor))
            self._actors[where] = actor
        return self._actors[where]

    def act(
        self, label: str, task_id: str, calls: Sequence[Call], *, lanes: int, clock: Clock | None = None
    ) -> Iterator[Act]:
        """Act out episodes of one policy on one task, in any order of completion.

        Args:
            label: of the policy or control that acts.
            task_id: task of all calls.
            calls: the episodes.
            lanes: episodes side by side.
            clock: where time is booked.
        """
        panel, actor, engine = self._manifest.panel, self.actor(label, task_id), self._engine(task_id)
        by_id = {call.episode(label, panel.panel_id): call for call in calls}
        realised: dict[str, Realised] = {}

        def assignments() -> Iterator[Assignment]:
            for episode, call in by_id.items():
                key = call.key
                scene = draw_scene(engine.contract, panel.seed, key.cell.split, key.scene)
                realised[episode] = self._realise(call, scene)
                noise = (panel.seed, task_id, key.cell.split, key.scene, key.replicate, "policy/noise")
                redrawn = ("redrawn", call.noise) if call.noise else ()
                yield Assignment(episode, scene, realised[episode].effects, (*noise, *redrawn), call.beginning)

        for rollout in rollouts(
            engine,
            actor.policy,
            actor.execution,
            assignments(),
            lanes=lanes,
            clock=clock,
            artist=self._artist(actor),
            every_step=self._every_step,
        ):
            episode = rollout.assignment.episode
            call = by_id[episode]
            yield Act(call, rollout, self._row(episode, label, call, rollout, realised.pop(episode)))

    def describe(self, label: str, call: Call, rollout: Rollout) -> dict[str, Any]:
        """The row of a rollout that was put together elsewhere, from segments that were acted out here."""
        episode = call.episode(label, self._manifest.panel.panel_id)
        return self._row(episode, label, call, rollout, self._realise(call, rollout.assignment.scene))

    def _realise(self, call: Call, scene: Scene) -> Realised:
        """The faults of a call, drawn for its scene."""
        key, panel = call.key, self._manifest.panel
        faults = panel.conditions[key.cell.condition] if call.faults is None else call.faults
        contract = self._engine(key.cell.task).contract
        return realise(contract, faults, seed=panel.seed, scene=scene, replicate=key.replicate)

    def _row(self, episode: str, label: str, call: Call, rollout: Rollout, realised: Realised) -> dict[str, Any]:
        task_id = call.key.cell.task
        identity = _identity(episode, call, self.actor(label, task_id), self._manifest.panel.panel_id)
        contract = self._engine(task_id).contract
        return build_row(identity, rollout, realised, contract, self._familiarity(label, task_id))

    def _engine(self, task_id: str) -> Engine:
        """The engine of a task; those asked for last are kept, since one may hold processes and gigabytes."""
        return _kept(self._engines, task_id, self._new_engine)

    def _new_engine(self, task_id: str) -> Engine:
        engine: Engine = load("tasks", task_id).engine(self._runtime.threads)
        check_engine(engine)
        return engine

    def _artist(self, actor: Actor) -> Artist | None:
        """Who draws what the actor sees, if it sees anything; like engines, those asked for last are kept."""
        contract = actor.policy.contract
        if not contract.cameras:
            return None
        return _kept(self._artists, contract.task, lambda task_id: artist_for(task_id, self._runtime.threads))

    def _familiarity(self, label: str, task_id: str) -> Familiarity | None:
        """To what the policy was trained on; a control is measured by all demonstrations of the task, if it has any."""
        if not self._engine(task_id).contract.dataset.episodes:
            return None
        ticket = self._tickets.get((label, task_id))
        part = "" if ticket is None else ticket.selection.model_dump_json()
        if (task_id, part) not in self._familiarities:
            task: Task = load("tasks", task_id)
            known = ticket.demonstrations() if ticket else read(task.demonstrations, task.contract)
            self._familiarities[task_id, part] = Familiarity(known)
        return self._familiarities[task_id, part]

    def _build(self, label: str, task_id: str) -> Actor:
        if (label, task_id) in self._policies:
            return policy_actor(self._tickets[label, task_id], self._policies[label, task_id].name, self._runtime)
        spec = self._controls[label]
        inner = self._build(spec.of, task_id) if spec.of is not None else None
        return control_actor(spec, load("tasks", task_id), self._runtime, inner)


def stage_for(
    manifest: Manifest, acting: Collection[tuple[str, str]], runtime: Runtime, watcher: Watcher | None = None
) -> Stage:
    """A stage for some of a manifest's policies and controls; checkpoints that they need are trained if absent.

    Args:
        manifest: whose episodes are acted out.
        acting: label and task id of who acts; a control brings the policy that it wraps.
        runtime: threads and device.
        watcher: told of the trainings.
    """
    needed = {(manifest.behind(label), task_id) for label, task_id in acting}
    specs = [spec for spec in manifest.policies if (spec.label, spec.task) in needed]
    tickets = {(spec.label, spec.task): ticket_for(spec, runtime.device) for spec in specs}
    made = checkpoints(tickets.values())
    train_missing(made, workers=runtime.threads, report=(watcher or Watcher()).training(made))
    return Stage(manifest, tickets, runtime)


def _kept[T](kept: dict[str, T], task_id: str, make: Callable[[str], T]) -> T:
    """What is kept for a task, or is made; those asked for last are kept, at most `ENGINES`."""
    item = kept.pop(task_id, None)
    if item is None:
        while len(kept) >= ENGINES:
            del kept[next(iter(kept))]
        item = make(task_id)
    kept[task_id] = item
    return item


def _identity(episode: str, call: Call, actor: Actor, panel_id: str) -> Identity:
    key, cell = call.key, call.key.cell
    return Identity(
        episode=episode,
        purpose="probe" if call.probe else cell.purpose,
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
        parent=episode_id(key, panel_id) if call.probe else None,
        probe=call.probe or None,
    )
