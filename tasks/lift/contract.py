"""The contract of `lift-v1`, as data. Importable without a simulator."""

from __future__ import annotations

import math
from importlib.metadata import version

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Range, Signal, Split, TaskContract
from tasks.aloha.cameras import CAMERAS
from tasks.aloha.fields import arm_observation, measured

__all__ = ["CONTRACT", "RAISED_M"]

RAISED_M = 0.1
"""How far above the table the cube must be held, metre."""

_CONTROL_PERIOD_S = 0.05
_RATE_HZ = 20.0
_ARM = "right arm"
_PLACE_LOW, _PLACE_HIGH = (-0.08, 0.16, 0.01), (0.34, 0.84, 0.3)
_SEEN_LOW, _SEEN_HIGH = (-0.6, 0.0, -0.1), (0.6, 1.0, 0.6)


def _measured(
    name: str, unit: str, low: tuple[float, ...], high: tuple[float, ...], text: str, *, agent: str | None = _ARM
) -> ObservationField:
    return measured(name, unit, "world", low, high, text, agent=agent, rate_hz=_RATE_HZ)


def _target(
    name: str, unit: str, frame: str, low: tuple[float, ...], high: tuple[float, ...], text: str
) -> ActionField:
    return ActionField(
        name=name,
        size=len(low),
        unit=unit,
        frame=frame,
        low=low,
        high=high,
        description=text,
        mode="absolute position target",
        agent=_ARM,
    )


def _resets(
    yaw: tuple[float, float], x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]
) -> dict[str, Range]:
    """The yaw of the cube and the place of the gripper differ between splits."""
    return {
        "cube_x": Range(low=0.0, high=0.25, unit="m"),
        "cube_y": Range(low=0.3, high=0.7, unit="m"),
        "cube_yaw": Range(low=yaw[0], high=yaw[1], unit="rad"),
        "gripper_x": Range(low=x[0], high=x[1], unit="m"),
        "gripper_y": Range(low=y[0], high=y[1], unit="m"),
        "gripper_z": Range(low=z[0], high=z[1], unit="m"),
    }


_NOMINAL = _resets((-0.7, 0.7), (0.05, 0.2), (0.4, 0.6), (0.14, 0.24))
_RESETS: dict[Split, dict[str, Range]] = {
    "train": _NOMINAL,
    "heldout": _NOMINAL,
    "stress": _resets((0.7, 0.78), (0.22, 0.3), (0.64, 0.76), (0.08, 0.12)),
}

CONTRACT = TaskContract(
    id="lift-v1",
    description="Pick up a cube with one arm.",
    robot="ViperX 300 S, the right arm of ALOHA",
    simulator=f"mujoco {version('mujoco')}, scene of gym-aloha {version('gym-aloha')}",
    observation=(
        *arm_observation("right", _RATE_HZ),
        _measured("gripper_position", "m", _SEEN_LOW, _SEEN_HIGH, "point between the finger pads"),
        _measured(
            "gripper_yaw",
            "rad",
            (-math.pi / 2,),
            (math.pi / 2,),
            "turn about the vertical of the axis along which the fingers close; 0 is the world's y axis",
        ),
        _measured(
            "cube_offset",
            "m",
            (-0.6, -1.0, -0.6),
            (0.6, 1.0, 0.4),
            "from the point between the finger pads to the centre of the cube",
            agent=None,
        ),
        _measured(
            "cube_orientation",
            "1",
            (0.0, -1.0, -1.0, -1.0),
            (1.0, 1.0, 1.0, 1.0),
            "unit quaternion w, x, y, z of the cube, with w >= 0",
            agent=None,
        ),
    ),
    action=(
        _target(
            "gripper_position",
            "m",
            "world",
            _PLACE_LOW,
            _PLACE_HIGH,
            "where the point between the finger pads shall be, the gripper pointing down",
        ),
        _target(
            "gripper_yaw",
            "rad",
            "world",
            (-1.0,),
            (1.0,),
            "turn about the vertical that the axis along which the fingers close shall have",
        ),
        _target("right_gripper", "1", "joint", (0.0,), (1.0,), "target opening of the gripper, 0 closed and 1 open"),
    ),
    control_period_s=_CONTROL_PERIOD_S,
    physics_step_s=0.002,
    horizon=100,
    timing_budget_s=_CONTROL_PERIOD_S,
    success="Both fingers touch the cube, and its centre is 10 cm higher than where it lay on the table, or more.",
    success_signal="progress",
    success_threshold=1.0,
    object="box",
    dynamics=("object_mass", "object_friction", "actuator_gain"),
    resets=_RESETS,
    signals=(
        Signal(
            name="progress", unit="1", role="progress", description="a third for each stage: grasped, lifted, raised"
        ),
        Signal(name="contact", unit="1", role="contact", description="a finger touches the cube"),
        Signal(name="cube_height", unit="m", role="other", description="height of the cube's centre above the table"),
        Signal(
            name="reach",
            unit="m",
            role="other",
            description="from the cube's centre to the point between the finger pads",
        ),
        Signal(
            name="tracking_error",
            unit="m",
            role="tracking_error",
            description="from where the point between the finger pads is commanded to be to where it is",
        ),
        Signal(
            name="distance", unit="m", role="distance", description="height that the cube lacks to where it must be"
        ),
    ),
    stages=("grasped", "lifted", "raised"),
    cameras=tuple(camera for camera in CAMERAS if camera.name != "left_wrist"),
    dataset=DatasetPromise(
        operator="scripted expert of this task",
        episodes=120,
        license="Apache-2.0",
        action_noise=(0.01, 0.01, 0.01, 0.05, 0.0),
        shifted=0.5,
        shift=0.06,
        shift_before=0.3,
    ),
    license="Apache-2.0",
)
"""What `lift-v1` promises."""
