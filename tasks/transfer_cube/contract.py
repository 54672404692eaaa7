"""The contract of `transfer-cube-v1`, as data. Importable without a simulator."""

from __future__ import annotations

from importlib.metadata import version

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Range, Signal, Split, TaskContract
from tasks.aloha.cameras import CAMERAS

__all__ = ["CONTRACT"]

_CONTROL_PERIOD_S = 0.04
_RATE_HZ = 25.0
_JOINT_LOW = (-3.14158, -1.85005, -1.76278, -3.14158, -1.8675, -3.14158)
_JOINT_HIGH = (3.14158, 1.25664, 1.6057, 3.14158, 2.23402, 3.14158)
_TARGET_LOW = (-1.2, -1.2, -1.2, -0.8, -1.1, -2.4)
_TARGET_HIGH = (1.2, 1.0, 1.4, 0.8, 2.0, 2.4)
_NOISE = (0.01,) * 6 + (0.0,)


def _measured(
    name: str,
    unit: str,
    frame: str,
    low: tuple[float, ...],
    high: tuple[float, ...],
    text: str,
    *,
    agent: str | None = None,
) -> ObservationField:
    return ObservationField(
        name=name,
        size=len(low),
        unit=unit,
        frame=frame,
        low=low,
        high=high,
        description=text,
        rate_hz=_RATE_HZ,
        proprioceptive=agent is not None,
        agent=agent,
    )


def _arm_observation(arm: str) -> tuple[ObservationField, ObservationField]:
    return (
        _measured(
            f"{arm}_joints",
            "rad",
            "joint",
            _JOINT_LOW,
            _JOINT_HIGH,
            f"joint positions of the {arm} arm, waist to wrist rotation",
            agent=f"{arm} arm",
        ),
        _measured(
            f"{arm}_gripper",
            "1",
            "joint",
            (0.0,),
            (1.0,),
            f"opening of the {arm} gripper, 0 closed and 1 open",
            agent=f"{arm} arm",
        ),
    )


def _arm_action(arm: str) -> tuple[ActionField, ActionField]:
    return (
        ActionField(
            name=f"{arm}_joints",
            size=6,
            unit="rad",
            frame="joint",
            low=_TARGET_LOW,
            high=_TARGET_HIGH,
            description=f"joint targets of the {arm} arm, waist to wrist rotation",
            mode="absolute position target",
            agent=f"{arm} arm",
        ),
        ActionField(
            name=f"{arm}_gripper",
            size=1,
            unit="1",
            frame="joint",
            low=(0.0,),
            high=(1.0,),
            description=f"target opening of the {arm} gripper, 0 closed and 1 open",
            mode="absolute position target",
            agent=f"{arm} arm",
        ),
    )


def _resets(x: tuple[float, float], y: tuple[float, float], yaw: tuple[float, float]) -> dict[str, Range]:
    return {
        "cube_x": Range(low=x[0], high=x[1], unit="m"),
        "cube_y": Range(low=y[0], high=y[1], unit="m"),
        "cube_yaw": Range(low=yaw[0], high=yaw[1], unit="rad"),
    }


_NOMINAL = _resets((0.0, 0.25), (0.3, 0.7), (-0.7, 0.7))
_RESETS: dict[Split, dict[str, Range]] = {
    "train": _NOMINAL,
    "heldout": _NOMINAL,
    "stress": _resets((0.02, 0.25), (0.74, 0.8), (-0.7, 0.7)),
}

CONTRACT = TaskContract(
    id="transfer-cube-v1",
    description="Pick up a cube with the right arm and hand it over to the left arm.",
    robot="ALOHA: two ViperX 300 S arms",
    simulator=f"mujoco {version('mujoco')}, scene of gym-aloha {version('gym-aloha')}",
    observation=(
        *_arm_observation("left"),
        *_arm_observation("right"),
        _measured(
            "cube_position",
            "m",
            "world",
            (-0.6, 0.2, -0.1),
            (0.6, 1.0, 0.6),
            "centre of the cube",
        ),
        _measured(
            "cube_orientation",
            "1",
            "world",
            (0.0, -1.0, -1.0, -1.0),
            (1.0, 1.0, 1.0, 1.0),
            "unit quaternion w, x, y, z of the cube, with w >= 0",
        ),
    ),
    action=(*_arm_action("left"), *_arm_action("right")),
    control_period_s=_CONTROL_PERIOD_S,
    physics_step_s=0.002,
    horizon=150,
    timing_budget_s=_CONTROL_PERIOD_S,
    success="Both fingers of the left gripper touch the cube while the cube does not touch the table.",
    success_signal="progress",
    success_threshold=1.0,
    object="box",
    dynamics=("object_mass", "object_friction", "actuator_gain"),
    resets=_RESETS,
    signals=(
        Signal(
            name="progress",
            unit="1",
            role="progress",
            description="a quarter for each stage: touched, lifted, attempted, transferred",
        ),
        Signal(name="right_contact", unit="1", role="contact", description="the right gripper touches the cube"),
        Signal(name="left_contact", unit="1", role="contact", description="the left gripper touches the cube"),
        Signal(name="cube_height", unit="m", role="other", description="height of the cube's centre above the table"),
        Signal(
            name="tracking_error",
            unit="rad",
            role="tracking_error",
            description="mean absolute difference between commanded and reached joint positions of both arms",
        ),
        Signal(
            name="distance",
            unit="m",
            role="distance",
            description="from the cube's centre to the point between the left gripper's fingers",
        ),
    ),
    stages=("touched", "lifted", "attempted", "transferred"),
    cameras=CAMERAS,
    dataset=DatasetPromise(
        operator="scripted expert of this task",
        episodes=120,
        license="Apache-2.0",
        action_noise=_NOISE * 2,
        shifted=0.5,
        shift=0.06,
        shift_before=0.28,
    ),
    license="Apache-2.0",
)
"""What `transfer-cube-v1` promises."""
