"""The contract of every task of Meta-World, made from its row of the table. The law is here, the data in `table`."""

from __future__ import annotations

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Signal, TaskContract
from tasks.engines.gymnasium_spaces import SEED_SPLITS
from tasks.metaworld.table import Row

__all__ = ["HORIZON", "contract_of"]

HORIZON = 200
"""Control steps, 2.5 s. The experts need 32 to 107; Meta-World itself goes on for 500."""

_PHYSICS_STEP_S = 0.0025
_PERIOD_S = 5 * _PHYSICS_STEP_S

_ROOM = (-0.525, 0.348, -0.0525), (0.525, 1.025, 0.7)
"""Where Meta-World's hand can be, metre. Objects and goals are inside at the start."""

_ARM = "arm"
_OF_THE_ARM = ("hand_position", "gripper_opening")

_TURN = (-1.0,) * 4, (1.0,) * 4


def _fields(row: Row) -> dict[str, tuple[str, str, tuple[tuple[float, ...], tuple[float, ...]]]]:
    """By name: description, unit, bounds."""
    return {
        "hand_position": ("the hand, x, y, z", "m", _ROOM),
        "gripper_opening": ("between the fingers, as a share of 10 cm", "1", ((0.0,), (1.0,))),
        "object_position": (f"the {row.object}, x, y, z", "m", _ROOM),
        "object_rotation": (f"the {row.object}'s quaternion, w, x, y, z", "1", _TURN),
        "target_position": (f"what the {row.object} acts on, x, y, z", "m", _ROOM),
        "goal_position": ("the goal, x, y, z", "m", _ROOM),
    }


def _observation(row: Row) -> tuple[ObservationField, ...]:
    known = _fields(row)
    return tuple(
        ObservationField(
            name=name,
            size=len(known[name][2][0]),
            unit=known[name][1],
            frame="world",
            low=known[name][2][0],
            high=known[name][2][1],
            description=known[name][0],
            rate_hz=1 / _PERIOD_S,
            proprioceptive=name in _OF_THE_ARM,
            agent=_ARM if name in _OF_THE_ARM else None,
        )
        for name in row.fields
    )


_ACTION = (
    ActionField(
        name="hand_motion",
        size=3,
        unit="cm",
        frame="world",
        low=(-1.0,) * 3,
        high=(1.0,) * 3,
        description="how far the point that pulls the hand moves in this step, x, y, z",
        mode="relative position target",
        agent=_ARM,
    ),
    ActionField(
        name="gripper_effort",
        size=1,
        unit="1",
        frame="joint",
        low=(-1.0,),
        high=(1.0,),
        description="force of the fingers, from -1 (open) to 1 (close)",
        mode="effort",
        agent=_ARM,
    ),
)


def _signals(row: Row) -> tuple[Signal, ...]:
    progress = "a tenth of Meta-World's reward, which shapes the way there; 1 at success"
    signals = [
        Signal(name="progress", unit="1", role="progress", description=progress),
        Signal(name="success", unit="1", role="other", description="1 where Meta-World says so"),
        Signal(name="tracking_error", unit="m", role="tracking_error", description="from the hand to what pulls it"),
    ]
    if row.contact:
        touch = "1 if the robot touches a body that can move"
        signals.append(Signal(name="contact", unit="1", role="contact", description=touch))
    if row.distance:
        signals.append(Signal(name="distance", unit="m", role="distance", description=row.distance))
    return tuple(signals)


def contract_of(row: Row) -> TaskContract:
    """The contract of one environment."""
    return TaskContract(
        id=row.id,
        description=f"{row.description} {row.environment} of Meta-World.",
        robot="Sawyer with a two-finger gripper, its hand pulled by a weld to a moving point",
        simulator="metaworld 3.0.0, mujoco 3.8.1",
        observation=_observation(row),
        action=_ACTION,
        control_period_s=_PERIOD_S,
        physics_step_s=_PHYSICS_STEP_S,
        horizon=HORIZON,
        timing_budget_s=_PERIOD_S,
        success=f"info['success']: {row.success}, at the end of a control step",
        success_signal="success",
        success_threshold=1.0,
        object=None,
        dynamics=(),
        resets=SEED_SPLITS,
        signals=_signals(row),
        stages=("begun", "half-way", "nearly", "done"),
        cameras=(),
        dataset=DatasetPromise(
            operator="Meta-World's scripted policy",
            episodes=row.demonstrations,
            license="Apache-2.0",
            action_noise=(row.noise,) * 3 + (row.noise / 2,),
        ),
        license="MIT",
    )
