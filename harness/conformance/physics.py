"""Checks of an engine: that a step is a pure function (law 4), and that faults act on what they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import numpy as np

from harness.conformance.workbench import LANES, STEPS, TaskBench, demand, demand_array, first_field, same
from harness.contract.fields import Array, bounds, slices
from harness.contract.task import Advance, Advanced, Dynamics, Engine
from harness.errors import ContractError

__all__ = [
    "chunks_equal_single_steps",
    "dynamics_factors_act",
    "lanes_are_independent",
    "pushes_act",
    "rest_holds_still",
    "results_are_pure",
    "results_have_their_shapes",
    "shift_moves_the_object_only",
    "threads_do_not_matter",
    "unphysical_states_are_reported",
]

STILL = 0.01
"""How far the robot may creep under the rest action in a dozen steps, as a share of each measurement's range."""

_FACTOR = 0.3
_PUSH_N = 5.0
_PURE = "a step must be a pure function of state, action, push and dynamics; keep nothing between calls"


def results_have_their_shapes(bench: TaskBench) -> None:
    """`advance` returns what the protocol states, and the observations are those of the states."""
    request = bench.wandering()
    moved = bench.engine.advance(request)
    contract, lead, whose = bench.contract, (LANES, STEPS), f"{bench.whose}, advance"
    demand_array(moved.states, f"{whose}, states", shape=(*lead, request.states.shape[1]), dtype=np.float64)
    demand_array(
        moved.observations, f"{whose}, observations", shape=(*lead, contract.observation_width), dtype=np.float32
    )
    demand_array(moved.signals, f"{whose}, signals", shape=(*lead, len(contract.signals)), dtype=np.float32)
    demand_array(moved.success, f"{whose}, success", shape=lead, dtype=np.bool_)
    demand_array(moved.diverged, f"{whose}, diverged", shape=lead, dtype=np.bool_)
    demand(not moved.diverged.any(), whose, expected="a simulation that holds under gentle commands", got="divergence")
    demand(
        same(moved.observations[:, -1], bench.engine.observe(np.ascontiguousarray(moved.states[:, -1]))),
        whose,
        expected="observations equal to `observe` of the states",
        got="other numbers",
    )


def results_are_pure(bench: TaskBench) -> None:
    """The same request gives the same bits, whatever ran in between; inputs stay as they are and are not handed out."""
    request = bench.wandering()
    kept = request.states.copy(), request.actions.copy()
    first = bench.engine.advance(request)
    bench.engine.advance(replace(request, actions=request.actions[:, ::-1].copy()))
    _demand_equal(bench, first, bench.engine.advance(request), "the same result for the same request", _PURE)
    demand(
        same(kept[0], request.states) and same(kept[1], request.actions),
        f"{bench.whose}, advance",
        expected="inputs left as they are",
        got="a changed input",
        fix="copy before writing",
    )
    for field in fields(Advanced):
        result = getattr(first, field.name)
        demand(
            not np.shares_memory(result, request.states) and not np.shares_memory(result, request.actions),
            f"{bench.whose}, advance",
            expected=f"{field.name} in memory of its own",
            got="a view into an input",
            fix="copy",
        )


def chunks_equal_single_steps(bench: TaskBench) -> None:
    """Step by step, in uneven chunks or at once: the same bits."""
    request = bench.wandering()
    whole = bench.engine.advance(request)
    for cuts in (range(1, STEPS), (1, 5)):
        parts = _in_parts(bench.engine, request, cuts)
        _demand_equal(bench, whole, parts, f"the same bits when cut at steps {list(cuts)}", _PURE)


def threads_do_not_matter(bench: TaskBench) -> None:
    """One thread or two: the same bits."""
    request = bench.wandering()
    _demand_equal(
        bench, bench.engine.advance(request), bench.threaded.advance(request), "the same bits with two threads", _PURE
    )


def lanes_are_independent(bench: TaskBench) -> None:
    """In any order and alone: the same bits."""
    request = bench.wandering()
    whole = bench.engine.advance(request)
    for order in ([3, 0, 5, 1, 4, 2], [2]):
        part = bench.engine.advance(_lanes(request, order))
        wanted = Advanced(**{field.name: getattr(whole, field.name)[order] for field in fields(Advanced)})
        _demand_equal(bench, wanted, part, f"the same bits with lanes {order}", "lanes must not see each other")


def rest_holds_still(bench: TaskBench) -> None:
    """The rest action lies inside the bounds and barely moves the robot."""
    contract, whose = bench.contract, f"{bench.whose}, rest"
    states = bench.states(LANES)
    rest = bench.engine.rest(states)
    demand_array(rest, whose, shape=(LANES, contract.action_width), dtype=np.float32)
    low, high = bounds(contract.action)
    demand(((rest >= low) & (rest <= high)).all(), whose, expected="inside the actuator bounds", got=str(rest[0]))
    held = np.repeat(rest[:, None], STEPS, axis=1)
    moved = bench.engine.advance(Advance(states, held, None, [Dynamics()] * LANES))
    low, high = bounds(contract.observation)
    crept = np.abs(moved.observations - bench.engine.observe(states)[:, None]) / (high - low)
    worst = crept[..., _proprioceptive(bench)].max(initial=0.0)
    demand(
        worst <= STILL,
        whose,
        expected=f"a robot that moves at most {STILL:.0%} of any measurement's range in {STEPS} steps",
        got=f"{worst:.1%}",
        fix="return the command that the robot holds now",
    )


def shift_moves_the_object_only(bench: TaskBench) -> None:
    """A shift leaves the robot and its input alone; no shift changes nothing; a shift shows in the scene's fields.

    An engine without an object refuses a shift.
    """
    if bench.contract.object is None:
        _demand_refusal(bench, lambda: bench.engine.shift(bench.states(1), np.full((1, 2), 0.01)), "a shift")
        return
    whose, engine, states = f"{bench.whose}, shift", bench.engine, bench.states(LANES)
    kept = states.copy()
    moved = engine.shift(states, np.full((LANES, 2), [0.01, -0.02]))
    demand_array(moved, whose, shape=states.shape, dtype=np.float64)
    demand(same(states, kept), whose, expected="its input left as it is", got="a changed input", fix="copy")
    demand(same(engine.shift(states, np.zeros((LANES, 2))), kept), whose, expected="nothing from a shift by 0")
    change = engine.observe(moved) - engine.observe(states)
    own = _proprioceptive(bench)
    demand(not change[:, own].any(), whose, expected="a robot that stays where it is", got="a moved robot")
    reached = np.abs(moved - states).max(axis=1)
    demand((reached <= 0.02 + 1e-9).all(), whose, expected="no more than the offset", got=f"{reached.max():.3f} m")
    demand(change[:, ~own].any(axis=1).all(), whose, expected=f"a moved {bench.contract.object!r}", got="no change")


def pushes_act(bench: TaskBench) -> None:
    """No push is a push of zero newton; a push changes what happens, or is refused where there is no object."""
    request, shape = bench.wandering(), (LANES, STEPS, 2)
    plain = bench.engine.advance(request)
    none = bench.engine.advance(replace(request, pushes=np.zeros(shape)))
    _demand_equal(bench, plain, none, "pushes of zero to equal no pushes", "add nothing where nothing pushes")
    if bench.contract.object is None:
        _demand_refusal(bench, lambda: bench.engine.advance(replace(request, pushes=np.full(shape, _PUSH_N))), "a push")
        return
    pushed = bench.engine.advance(replace(request, pushes=np.full(shape, _PUSH_N)))
    demand(
        not same(plain.states[:, -1], pushed.states[:, -1]),
        f"{bench.whose}, pushes",
        expected=f"{bench.contract.object!r} to yield to {_PUSH_N:g} N",
        got="no change",
    )


def dynamics_factors_act(bench: TaskBench) -> None:
    """Every factor of the contract is accepted; 1 changes nothing, another value does, and only in its own lanes."""
    if not bench.contract.dynamics:
        return
    request = _rough(bench)
    plain = bench.engine.advance(request)
    for name in bench.contract.dynamics:
        whose = f"{bench.whose}, dynamics {name!r}"
        one = bench.engine.advance(replace(request, dynamics=[Dynamics(((name, 1.0),))] * LANES))
        _demand_equal(bench, plain, one, f"factor 1 of {name!r} to change nothing", "scale, do not set")
        scaled = [Dynamics(((name, _FACTOR),))] * 2 + [Dynamics()] * (LANES - 2)
        other = bench.engine.advance(replace(request, dynamics=scaled))
        demand(np.isfinite(other.states[~other.diverged]).all(), whose, expected="finite states", got="NaN")
        demand(same(plain.states[2:], other.states[2:]), whose, expected="other lanes left alone", got="a changed lane")
        demand(
            not same(plain.states[:2], other.states[:2]),
            whose,
            expected=f"factor {_FACTOR:g} to change the motion",
            got="no change",
            fix="let the factor act on the model, or take its name out of the contract",
        )


def unphysical_states_are_reported(bench: TaskBench) -> None:
    """A lane that is not finite is diverged and no success, and costs its neighbours nothing."""
    request = bench.wandering()
    healthy = bench.engine.advance(request)
    broken = request.states.copy()
    broken[0] = np.nan
    with np.errstate(invalid="ignore"):
        moved = bench.engine.advance(replace(request, states=broken))
    whose = f"{bench.whose}, advance"
    demand(moved.diverged[0].all(), whose, expected="`diverged` for a state that is not finite", got="a healthy lane")
    demand(not moved.success[0].any(), whose, expected="no success of a diverged lane", got="success")
    demand(same(moved.states[1:], healthy.states[1:]), whose, expected="neighbours left alone", got="a changed lane")


def _demand_refusal(bench: TaskBench, act: Callable[[], object], what: str) -> None:
    try:
        act()
    except ContractError:
        return
    demand(False, bench.whose, expected=f"{what} to be refused, since there is no object", got="a result")


def _rough(bench: TaskBench) -> Advance:
    """Pushed lanes; lane 0 also goes from bound to bound, where limits show. Gains show in the others, below them."""
    request, (low, high) = bench.wandering(), bounds(bench.contract.action)
    actions = request.actions.copy()
    actions[0] = np.where(np.arange(STEPS)[:, None] % 4 < 2, 0.8 * low + 0.2 * high, 0.2 * low + 0.8 * high)
    return replace(request, actions=actions, pushes=np.full((LANES, STEPS, 2), _PUSH_N))


def _proprioceptive(bench: TaskBench) -> Array:
    """Which components of the observation are measured on the robot itself."""
    mask = np.zeros(bench.contract.observation_width, bool)
    where = slices(bench.contract.observation)
    for field in bench.contract.observation:
        mask[where[field.name]] = field.proprioceptive
    return mask


def _in_parts(engine: Engine, request: Advance, cuts: Sequence[int]) -> Advanced:
    states, parts = request.states, []
    for first, last in zip((0, *cuts), (*cuts, STEPS), strict=True):
        part = engine.advance(Advance(states, request.actions[:, first:last].copy(), None, request.dynamics))
        states = np.ascontiguousarray(part.states[:, -1])
        parts.append(part)
    names = [field.name for field in fields(Advanced)]
    return Advanced(**{name: np.concatenate([getattr(part, name) for part in parts], axis=1) for name in names})


def _lanes(request: Advance, order: list[int]) -> Advance:
    dynamics = [request.dynamics[lane] for lane in order]
    return Advance(request.states[order], request.actions[order], None, dynamics)


def _demand_equal(bench: TaskBench, first: Advanced, second: Advanced, expected: str, fix: str) -> None:
    field = first_field(first, second)
    demand(not field, f"{bench.whose}, advance", expected=expected, got=f"other {field}", fix=fix)
