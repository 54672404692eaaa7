"""The contract of `transfer-cube-v1`, as data. Importable without a simulator."""

from __future__ import annotations

from importlib.metadata import version

from harness.contract.task import DatasetPromise, Range, Signal, Split, TaskContract
from tasks.aloha.cameras import CAMERAS
from tasks.aloha.fields import CONTROL_PERIOD_S, arm_action, arm_observation, pose_observation

__all__ = ["CONTRACT"]

_NOISE = (0.01,) * 6 + (0.0,)


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
    observation=(*arm_observation("left"), *arm_observation("right"), *pose_observation("cube")),
    action=(*arm_action("left"), *arm_action("right")),
    control_period_s=CONTROL_PERIOD_S,
    physics_step_s=0.002,
    horizon=150,
    timing_budget_s=CONTROL_PERIOD_S,
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
