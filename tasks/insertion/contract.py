"""The contract of `insertion-v1`, as data. Importable without a simulator."""

from __future__ import annotations

from importlib.metadata import version

from harness.contract.task import DatasetPromise, Range, Signal, Split, TaskContract
from tasks.aloha.cameras import CAMERAS
from tasks.aloha.fields import CONTROL_PERIOD_S, arm_action, arm_observation, pose_observation

__all__ = ["CONTRACT"]

_NOISE = (0.006,) * 6 + (0.0,)


def _resets(y: tuple[float, float], yaw: tuple[float, float]) -> dict[str, Range]:
    place = {
        "peg_x": Range(low=0.08, high=0.22, unit="m"),
        "peg_y": Range(low=y[0], high=y[1], unit="m"),
        "peg_yaw": Range(low=yaw[0], high=yaw[1], unit="rad"),
    }
    return place | {
        "socket_x": Range(low=-0.22, high=-0.08, unit="m"),
        "socket_y": place["peg_y"],
        "socket_yaw": place["peg_yaw"],
    }


_NOMINAL = _resets((0.38, 0.62), (-0.5, 0.5))
_RESETS: dict[Split, dict[str, Range]] = {
    "train": _NOMINAL,
    "heldout": _NOMINAL,
    "stress": _resets((0.64, 0.7), (-0.5, 0.5)),
}

CONTRACT = TaskContract(
    id="insertion-v1",
    description="Pick up a peg with the right arm and a socket with the left arm, and put the peg into the socket.",
    robot="ALOHA: two ViperX 300 S arms",
    simulator=f"mujoco {version('mujoco')}, scene of gym-aloha {version('gym-aloha')}",
    observation=(
        *arm_observation("left"),
        *arm_observation("right"),
        *pose_observation("socket"),
        *pose_observation("peg"),
    ),
    action=(*arm_action("left"), *arm_action("right")),
    control_period_s=CONTROL_PERIOD_S,
    physics_step_s=0.002,
    horizon=200,
    timing_budget_s=CONTROL_PERIOD_S,
    success="The peg touches the pin inside the socket while both fingers of the right gripper touch the peg, both "
    "fingers of the left gripper touch the socket, and neither peg nor socket touches the table.",
    success_signal="progress",
    success_threshold=1.0,
    object="peg",
    dynamics=("object_mass", "object_friction", "actuator_gain"),
    resets=_RESETS,
    signals=(
        Signal(
            name="progress",
            unit="1",
            role="progress",
            description="a quarter for each stage: touched, lifted, met, inserted",
        ),
        Signal(name="right_contact", unit="1", role="contact", description="the right gripper touches the peg"),
        Signal(name="left_contact", unit="1", role="contact", description="the left gripper touches the socket"),
        Signal(name="peg_height", unit="m", role="other", description="height of the peg's centre above the table"),
        Signal(
            name="socket_height", unit="m", role="other", description="height of the socket's centre above the table"
        ),
        Signal(
            name="offset",
            unit="m",
            role="other",
            description="from the peg's end that is nearer to the socket to the socket's axis",
        ),
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
            description="from the peg's centre to where it is when the peg touches the pin, from the nearer side",
        ),
    ),
    stages=("touched", "lifted", "met", "inserted"),
    cameras=CAMERAS,
    dataset=DatasetPromise(
        operator="scripted expert of this task",
        episodes=120,
        license="Apache-2.0",
        action_noise=_NOISE * 2,
        shifted=0.5,
        shift=0.04,
        shift_before=0.15,
    ),
    license="Apache-2.0",
)
"""What `insertion-v1` promises."""
