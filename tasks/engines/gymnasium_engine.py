"""Any Gymnasium environment as the harness's engine: states in, states out, though the environment keeps its own.

The row says how its moment is reached. An environment that stands at that moment is stepped on; otherwise one is reset
with the row's seed and taken through the row's actions first (probes, takeovers, audits, and after a crash). Moments
that the pool remembers are answered from its memory.

What is promised: the same bits for the same request, in any lane, company, process and order, if the environment is a
function of its seed and the actions. That is tried at load; an environment that breaks it later is not caught here, but
by an audit. An environment that ends by itself stands still from then on, since the contract decides when an episode is
over. There is no object to push or shift and no model to change: such faults are refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from harness.contract.fields import Array, bounds
from harness.contract.task import Advance, Advanced, Dynamics, Scene, TaskContract
from harness.errors import ContractError
from tasks.engines.gymnasium_checks import SEED, check_contract, check_fit, check_repeats
from tasks.engines.gymnasium_memory import HEAD, REWARD, TERMINATED, TRUNCATED, Environment, Layout, Order
from tasks.engines.gymnasium_pool import EnvironmentFailedError, Failure, Pool
from tasks.engines.gymnasium_states import Path, Rows, Table

__all__ = ["GymnasiumEngine", "Measure", "Moments", "Rest"]

SLOTS = 256
"""Episodes that are remembered; more lanes than these are advanced one part after the other."""

_ATTEMPTS = 3


@dataclass(frozen=True)
class Moments:
    """What an environment returned, as it returned it; entry k of the second axis is after the k-th action.

    Attributes:
        info: by name, the recorded entries.
    """

    actions: Float32[Array, "lanes n action"]
    observations: Float64[Array, "lanes n observation"]
    reward: Float64[Array, "lanes n"]
    terminated: Bool[Array, "lanes n"]
    truncated: Bool[Array, "lanes n"]
    info: Mapping[str, Float64[Array, "lanes n size"]]


Measure = Callable[[Moments], Array]
"""A signal, shape (lanes, n), elementwise over both."""

Rest = Callable[[Float64[Array, "lanes observation"]], Array]
"""The action that asks the robot to stay where it is, from what was observed."""


class GymnasiumEngine:
    """Keeps `harness.contract.task.Engine`.

    Args:
        contract: of the task. Its only reset variable is the seed.
        environment: which environment, and what is recorded of it.
        signals: how each signal of the contract is measured.
        rest: the action that holds the robot; None for zero, clipped to the bounds.
        threads: worker processes that step.

    Raises:
        ContractError: the environment does not fit the contract, cannot be made, or ignores its seed.
    """

    def __init__(
        self,
        contract: TaskContract,
        environment: Environment,
        signals: Mapping[str, Measure],
        rest: Rest | None,
        threads: int,
    ) -> None:
        check_contract(contract, signals)
        self._contract, self._environment = contract, environment
        self._measures = [signals[signal.name] for signal in contract.signals]
        self._success = [signal.name for signal in contract.signals].index(contract.success_signal)
        self._rest, self._threads = rest, max(1, threads)
        record = HEAD + contract.observation_width + sum(environment.info.values())
        workers = self._threads + 1
        self._layout = Layout(
            workers, workers * -(-SLOTS // self._threads), contract.horizon, contract.action_width, record
        )
        self._rows = Rows(self._layout, contract.observation_width)
        self._pool = self._start()
        self._table, self._suspects = Table(self._layout, self._pool.shared.actions), set[int]()
        self._epochs = self._pool.epochs.copy()
        self.physics_seconds = 0.0

    def _start(self) -> Pool:
        whose = f"task {self._contract.id}, environment {self._environment.id}"
        try:
            pool = Pool(self._environment, self._layout)
        except EnvironmentFailedError as error:
            raise ContractError(whose, expected="an environment that can be made", got=str(error)) from error
        try:
            check_fit(self._contract, self._environment.id, pool.description)
            other = 1 if self._threads > 1 else self._layout.workers
            check_repeats(self._contract, self._environment.id, pool, other)
        except BaseException:
            pool.close()
            raise
        return pool

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""
        return self._contract

    @property
    def pool(self) -> Pool:
        """The workers. `pool.close()` ends them now; otherwise they end with the engine."""
        return self._pool

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """States after resets with the scenes' seeds.

        Raises:
            EnvironmentFailedError: a reset raised, hung, or ended its worker.
        """
        self._table.count_reset()
        none = np.zeros((0, self._contract.action_width), np.float32)
        paths = [Path(int(scene.variables[SEED]), none) for scene in scenes]
        return np.concatenate([self._rows.write(*item) for item in self._moments(paths, [0] * len(paths))])

    def observe(self, states: Float64[Array, "*lanes state"]) -> Float32[Array, "*lanes observation"]:
        """The flat observations."""
        return self._rows.observations(states).astype(np.float32)

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """The action that holds the robot."""
        low, high = bounds(self._contract.action)
        if self._rest is None:
            return np.clip(np.zeros((len(states), len(low)), np.float32), low, high)
        return np.clip(self._rest(self._rows.observations(states)).astype(np.float32), low, high)

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """The same states. Raises ContractError for an offset that is not zero."""
        if np.any(offsets):
            raise self._refusal("an object shift")
        return states.copy()

    def advance(self, request: Advance) -> Advanced:
        """Step.

        Raises:
            ContractError: the request pushes, changes the model, or goes beyond the horizon.
            EnvironmentFailedError: a step raised, hung, or ended its worker.
        """
        self._check(request)
        lanes, n, _ = request.actions.shape
        healthy = np.isfinite(request.states).all(axis=1)
        states = np.full((lanes, n, self._rows.width), np.nan)
        index = np.flatnonzero(healthy)
        paths = [self._rows.path(request.states[lane], request.actions[lane]) for lane in index]
        reached = self._moments(paths, [len(path.actions) - n + 1 for path in paths])
        for lane, item in zip(index, reached, strict=True):
            states[lane] = self._rows.write(*item)
        diverged = np.logical_or.accumulate(~np.isfinite(self._rows.records(states)).all(axis=2), axis=1)
        signals = self._signals(states, request.actions)
        success = signals[..., self._success] >= np.float32(self._contract.success_threshold)
        return Advanced(states, self.observe(states), signals, success & ~diverged, diverged)

    def _signals(self, states: Array, actions: Array) -> Float32[Array, "lanes n signal"]:
        records, at, info = self._rows.records(states), HEAD + self._contract.observation_width, {}
        for name, size in self._environment.info.items():
            info[name] = records[..., at : at + size]
            at += size
        moments = Moments(
            actions=actions,
            observations=self._rows.observations(states),
            reward=records[..., REWARD],
            terminated=records[..., TERMINATED] == 1,
            truncated=records[..., TRUNCATED] == 1,
            info=info,
        )
        return np.stack([measure(moments) for measure in self._measures], axis=-1).astype(np.float32)

    def _check(self, request: Advance) -> None:
        if request.pushes is not None and np.any(request.pushes):
            raise self._refusal("a push")
        if any(item != Dynamics() for item in request.dynamics):
            raise self._refusal("a change of dynamics")
        if (self._rows.steps(request.states) + request.actions.shape[1] > self._contract.horizon).any():
            raise ContractError(f"task {self._contract.id}", expected=f"at most {self._contract.horizon} steps")

    def _refusal(self, what: str) -> ContractError:
        return ContractError(
            f"task {self._contract.id}",
            expected="faults of observation, action or timing",
            got=f"{what}, for which a Gymnasium environment has no interface",
            fix="give the fault a `task` that can do it",
        )

    def _moments(self, paths: Sequence[Path], first: Sequence[int]) -> list[tuple[Path, int, Array]]:
        """Of each path, itself, a number and its records from that number on; as many at a time as there are slots."""
        found: list[tuple[Path, int, Array]] = []
        for start in range(0, len(paths), SLOTS):
            part = paths[start : start + SLOTS]
            began = time.perf_counter()
            slots = self._reach(part)
            self.physics_seconds += time.perf_counter() - began
            for path, slot, since in zip(part, slots, first[start : start + SLOTS], strict=True):
                found.append((path, since, self._pool.shared.records[slot, since : len(path.actions) + 1].copy()))
        return found

    def _reach(self, paths: Sequence[Path]) -> list[int]:
        """Bring a slot to the end of every path. Who was only beside a failure is tried again before it is raised."""
        slots: dict[int, int] = {}
        pending, failed = list(range(len(paths))), dict[int, Failure]()
        for _ in range(_ATTEMPTS):
            orders = {}
            for k in pending:
                slots[k] = self._slot(paths[k], {slots[other] for other in slots if other != k})
                orders[k] = self._order(slots[k], paths[k])
            reasons = self._obeyed([order for order in orders.values() if order is not None], paths, slots)
            failed |= {k: reasons[slots[k]] for k in pending if slots[k] in reasons and reasons[slots[k]].guilty}
            pending = [k for k in pending if slots[k] in reasons and k not in failed]
            if not pending:
                break
        for k in (*failed, *pending):
            self._suspects.add(paths[k].seed)
            reason = failed[k].reason if k in failed else "its worker died again and again"
            raise EnvironmentFailedError(f"{self._environment.id} with seed {paths[k].seed}: {reason}")
        return [slots[k] for k in range(len(paths))]

    def _slot(self, path: Path, taken: set[int]) -> int:
        found = self._table.find(path, taken)
        return self._table.claim(path, taken, spare=path.seed in self._suspects) if found is None else found

    def _order(self, slot: int, path: Path) -> Order | None:
        """What is missing in a slot at the end of a path, with its actions written; None if nothing is."""
        there, last = int(self._table.length[slot]), len(path.actions)
        if there >= last:
            return None
        self._pool.shared.actions[slot, max(there, 0) : last] = path.actions[max(there, 0) :]
        self._table.length[slot] = -1
        return Order(slot, path.seed if there < 0 else None, max(there, 0), last)

    def _obeyed(self, orders: Sequence[Order], paths: Sequence[Path], slots: Mapping[int, int]) -> dict[int, Failure]:
        """Run orders, and keep the table true, whatever happens."""
        try:
            failed = self._pool.run(orders)
        finally:
            for worker in np.flatnonzero(self._epochs != self._pool.epochs).tolist():
                self._table.forget(worker)
            self._epochs = self._pool.epochs.copy()
        replaced = {order.slot for order in orders if order.slot in failed}
        for order in orders:
            if order.slot not in replaced:
                self._table.length[order.slot] = order.last
        return failed
