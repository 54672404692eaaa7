"""The contract of avoid-v1, as data. Importable without a simulator."""

from __future__ import annotations

import math

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import Camera, DatasetPromise, Range, Signal, Split, TaskContract
from tasks.avoid.layout import COUNTS, DEPTH, SIDE

__all__ = ["CONTRACT"]

_RATE_HZ = 10.0
_SPEED = 0.3
_ROWS = len(COUNTS)

_OBSERVATION = (
    ObservationField(
        name="effector_position",
        size=2,
        unit="m",
        frame="world",
        low=(-SIDE, 0.0),
        high=(SIDE, DEPTH),
        description="centre of the effector, x and y",
        rate_hz=_RATE_HZ,
        proprioceptive=True,
    ),
    ObservationField(
        name="row_positions",
        size=2 * _ROWS,
        unit="m",
        frame="world",
        low=(-SIDE, 0.0) * _ROWS,
        high=(SIDE, DEPTH) * _ROWS,
        description="middle of each row of posts, x and y, first row first",
        rate_hz=_RATE_HZ,
        proprioceptive=False,
    ),
)

_ACTION = (
    ActionField(
        name="effector_velocity",
        size=2,
        unit="m/s",
        frame="world",
        low=(-_SPEED, -_SPEED),
        high=(_SPEED, _SPEED),
        description="velocity of the effector, x and y, as its drive understands it",
        mode="velocity target",
        agent="effector",
    ),
)


def _resets(start: float, aside: float, turn: tuple[float, float]) -> dict[str, Range]:
    """Where the effector starts, how far each row stands off its place, and what the drive does to commands."""
    spans = {
        "start_x": ((-start, start), "m", "world"),
        "start_y": ((0.03, 0.06), "m", "world"),
        "drive_turn": (turn, "rad", "world"),
        "drive_gain": ((0.85, 1.15), "1", "world"),
    }
    for row in range(1, _ROWS + 1):
        spans[f"row_{row}_x"] = ((-aside, aside), "m", "row's place in the layout")
        spans[f"row_{row}_y"] = ((-0.005, 0.005), "m", "row's place in the layout")
    return {
        name: Range(low=low, high=high, unit=unit, frame=frame) for name, ((low, high), unit, frame) in spans.items()
    }


_FAMILIAR = _resets(0.05, 0.02, (-0.12, 0.12))
# The drive is turned farther than in any scene of the other splits, and start and rows may stand farther aside.
_SHIFTED = _resets(0.08, 0.05, (0.17, 0.27))
_SPLITS: dict[Split, dict[str, Range]] = {"train": _FAMILIAR, "heldout": _FAMILIAR, "stress": _SHIFTED}

_SIGNALS = (
    Signal(
        name="progress",
        unit="1",
        role="progress",
        description="a quarter for each row that was passed, and for the finish; grows no more once a post was touched",
    ),
    Signal(name="contact", unit="1", role="contact", description="1 if the effector touched a post in this step"),
    Signal(name="touched", unit="1", role="other", description="1 if it touched a post in this step or before"),
    Signal(
        name="clearance",
        unit="m",
        role="other",
        description="least distance between the surfaces of effector and posts during the step",
    ),
    Signal(
        name="tracking_error",
        unit="m/s",
        role="tracking_error",
        description="between the velocity asked for and that of the effector",
    ),
    Signal(name="distance", unit="m", role="distance", description="from the effector to the finish line"),
    Signal(
        name="mode",
        unit="1",
        role="other",
        description="the way taken, 1 to 24, once all rows are passed, else 0: 1 + 12 a + 4 b + c for the gaps a, b, c "
        "of the rows, counted from the left from 0",
    ),
)

CONTRACT = TaskContract(
    id="avoid-v1",
    description="Cross three rows of posts, by any of 24 ways, without touching one.",
    robot="point effector, 12 mm radius, on two velocity-controlled slides",
    simulator="mujoco 3.8.1",
    observation=_OBSERVATION,
    action=_ACTION,
    control_period_s=1 / _RATE_HZ,
    physics_step_s=0.02,
    horizon=120,
    timing_budget_s=0.05,
    success="the effector is past the finish line and has touched no post since the start",
    success_signal="progress",
    success_threshold=1.0,
    object="rows",
    dynamics=("object_friction", "object_mass", "actuator_gain", "actuator_force"),
    resets=_SPLITS,
    signals=_SIGNALS,
    stages=("first-row", "second-row", "third-row", "finish"),
    cameras=(
        Camera(
            name="top",
            width=96,
            height=96,
            fov=math.radians(30),
            mount="world",
            position=(0.0, 0.38, 1.5),
            orientation=(1.0, 0.0, 0.0, 0.0),
        ),
        Camera(
            name="angle",
            width=96,
            height=96,
            fov=math.radians(37),
            mount="world",
            position=(0.0, -0.5, 1.05),
            orientation=(0.936713, 0.350097, 0.0, 0.0),
        ),
    ),
    dataset=DatasetPromise(
        operator="scripted expert (a drawn way, followed closed loop)",
        episodes=120,
        license="Apache-2.0",
        action_noise=(0.06, 0.06),
        shifted=0.5,
        shift=0.03,
    ),
    license="Apache-2.0",
)
"""What `avoid-v1` promises."""
