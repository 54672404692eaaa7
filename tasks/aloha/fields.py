"""What an ALOHA arm measures and is told, as fields of a contract. Importable without a simulator."""

from __future__ import annotations

from harness.contract.fields import ActionField, ObservationField

__all__ = ["CONTROL_PERIOD_S", "arm_action", "arm_observation", "measured", "pose_observation"]

CONTROL_PERIOD_S = 0.04
"""Control period of the tasks in joint space: half the rate of gym-aloha's."""
_RATE_HZ = 25.0
_JOINT_LOW = (-3.14158, -1.85005, -1.76278, -3.14158, -1.8675, -3.14158)
_JOINT_HIGH = (3.14158, 1.25664, 1.6057, 3.14158, 2.23402, 3.14158)
_TARGET_LOW = (-1.2, -1.2, -1.2, -0.8, -1.1, -2.4)
_TARGET_HIGH = (1.2, 1.0, 1.4, 0.8, 2.0, 2.4)
_PLACE_LOW, _PLACE_HIGH = (-0.6, 0.2, -0.1), (0.6, 1.0, 0.6)
_QUATERNION_LOW, _QUATERNION_HIGH = (0.0, -1.0, -1.0, -1.0), (1.0, 1.0, 1.0, 1.0)


def measured(
    name: str,
    unit: str,
    frame: str,
    low: tuple[float, ...],
    high: tuple[float, ...],
    text: str,
    *,
    agent: str | None = None,
    rate_hz: float = _RATE_HZ,
) -> ObservationField:
    """A field of an observation; of an arm (`agent`), or of the world."""
    return ObservationField(
        name=name,
        size=len(low),
        unit=unit,
        frame=frame,
        low=low,
        high=high,
        description=text,
        rate_hz=rate_hz,
        proprioceptive=agent is not None,
        agent=agent,
    )


def arm_observation(arm: str, rate_hz: float = _RATE_HZ) -> tuple[ObservationField, ObservationField]:
    """Joints and gripper of an arm, in the joints' own range."""
    return (
        measured(
            f"{arm}_joints",
            "rad",
            "joint",
            _JOINT_LOW,
            _JOINT_HIGH,
            f"joint positions of the {arm} arm, waist to wrist rotation",
            agent=f"{arm} arm",
            rate_hz=rate_hz,
        ),
        measured(
            f"{arm}_gripper",
            "1",
            "joint",
            (0.0,),
            (1.0,),
            f"opening of the {arm} gripper, 0 closed and 1 open",
            agent=f"{arm} arm",
            rate_hz=rate_hz,
        ),
    )


def arm_action(arm: str) -> tuple[ActionField, ActionField]:
    """Targets of an arm, in the operational range: what scenes and recoveries need, inside the servos' range."""
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


def pose_observation(thing: str) -> tuple[ObservationField, ObservationField]:
    """Position and orientation of a thing on the table."""
    return (
        measured(f"{thing}_position", "m", "world", _PLACE_LOW, _PLACE_HIGH, f"centre of the {thing}"),
        measured(
            f"{thing}_orientation",
            "1",
            "world",
            _QUATERNION_LOW,
            _QUATERNION_HIGH,
            f"unit quaternion w, x, y, z of the {thing}, with w >= 0",
        ),
    )
