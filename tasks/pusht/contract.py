"""The contract of pusht-v1. Lengths are metres at the field's 1 mm a pixel."""

from __future__ import annotations

import math

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import Camera, DatasetPromise, Range, Signal, Split, TaskContract

__all__ = ["CONTRACT", "SIDE", "SUCCESS_COVERAGE"]

SIDE = 0.512
"""Side of the square workspace, metre; its corner is the world's origin."""

SUCCESS_COVERAGE = 0.90

_RATE_HZ = 10.0


def _position(name: str, description: str, *, proprioceptive: bool) -> ObservationField:
    return ObservationField(
        name=name,
        size=2,
        unit="m",
        frame="world",
        low=(0.0, 0.0),
        high=(SIDE, SIDE),
        description=description,
        rate_hz=_RATE_HZ,
        proprioceptive=proprioceptive,
    )


_OBSERVATION = (
    _position("pusher_position", "centre of the pusher, x and y", proprioceptive=True),
    _position("block_position", "middle of the outer edge of the block's bar, x and y", proprioceptive=False),
    ObservationField(
        name="block_orientation",
        size=2,
        unit="1",
        frame="world",
        low=(-1.0, -1.0),
        high=(1.0, 1.0),
        description="cosine and sine of the block's angle, counter-clockwise from where the stem points to +y",
        rate_hz=_RATE_HZ,
        proprioceptive=False,
    ),
    ObservationField(
        name="pusher_in_block",
        size=2,
        unit="m",
        frame="block",
        low=(-2 * SIDE, -2 * SIDE),
        high=(2 * SIDE, 2 * SIDE),
        description="pusher's centre seen from the block's centroid, along the block's own axes",
        rate_hz=_RATE_HZ,
        proprioceptive=False,
    ),
)

_ACTION = (
    ActionField(
        name="pusher_target",
        size=2,
        unit="m",
        frame="world",
        low=(0.0, 0.0),
        high=(SIDE, SIDE),
        description="where the pusher's centre shall go, x and y",
        mode="absolute position target",
        agent="pusher",
    ),
)


def _resets(
    *, block_distance: tuple[float, float], block_turn: tuple[float, float], pusher_distance: tuple[float, float]
) -> dict[str, Range]:
    """Polar about the goal, so that no scene starts solved, and about the block, so that none starts in contact."""
    circle = (-math.pi, math.pi)
    ranges = {
        "block_distance": (block_distance, "m", "goal, centroid to centroid"),
        "block_bearing": (circle, "rad", "goal's centroid, world axes"),
        "block_turn": (block_turn, "rad", "goal"),
        "pusher_distance": (pusher_distance, "m", "block's centroid"),
        "pusher_bearing": (circle, "rad", "block's centroid, world axes"),
    }
    return {
        name: Range(low=low, high=high, unit=unit, frame=frame) for name, ((low, high), unit, frame) in ranges.items()
    }


_FAMILIAR = _resets(block_distance=(0.05, 0.11), block_turn=(-math.pi / 2, math.pi / 2), pusher_distance=(0.10, 0.16))
# Farther from the goal and turned farther from it than any scene of the other splits.
_SHIFTED = _resets(block_distance=(0.12, 0.145), block_turn=(1.7, 2.3), pusher_distance=(0.10, 0.16))
_SPLITS: dict[Split, dict[str, Range]] = {"train": _FAMILIAR, "heldout": _FAMILIAR, "stress": _SHIFTED}

_SIGNALS = (
    Signal(
        name="progress",
        unit="1",
        role="progress",
        description="coverage over the 0.90 that success asks for, at most 1",
    ),
    Signal(name="coverage", unit="1", role="other", description="share of the goal's area that the block covers"),
    Signal(name="contact", unit="1", role="contact", description="1 if the pusher is within 1 mm of the block"),
    Signal(name="tracking_error", unit="m", role="tracking_error", description="from the pusher to its target"),
    Signal(name="distance", unit="m", role="distance", description="from the block's centroid to the goal's"),
    Signal(name="angle_error", unit="rad", role="other", description="size of the block's angle to the goal"),
)

CONTRACT = TaskContract(
    id="pusht-v1",
    description="Push a T-shaped block onto its goal pose with a round pusher.",
    robot="point pusher, 15 mm radius, on two position-controlled slides",
    simulator="mujoco 3.8.1",
    observation=_OBSERVATION,
    action=_ACTION,
    control_period_s=1 / _RATE_HZ,
    physics_step_s=0.02,
    horizon=300,
    timing_budget_s=0.05,
    success="the block covers at least 0.90 of the goal's area at the end of a control step",
    success_signal="coverage",
    success_threshold=SUCCESS_COVERAGE,
    termination_threshold=0.95,
    settle_steps=20,
    object="block",
    dynamics=("object_friction", "object_mass", "actuator_gain", "actuator_force"),
    resets=_SPLITS,
    signals=_SIGNALS,
    stages=("partly-covered", "mostly-covered", "covered"),
    cameras=(
        Camera(
            name="top",
            width=96,
            height=96,
            fov=math.radians(30),
            mount="world",
            position=(0.256, 0.256, 1.0),
            orientation=(1.0, 0.0, 0.0, 0.0),
        ),
    ),
    dataset=DatasetPromise(
        operator="scripted expert (greedy push planning on the simulator)",
        episodes=200,
        license="Apache-2.0",
        action_noise=(0.003, 0.003),
        shifted=0.5,
        shift=0.12,
    ),
    license="Apache-2.0",
)
