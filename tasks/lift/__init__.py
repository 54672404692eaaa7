"""Lift: one ViperX arm picks up a cube (`lift-v1`). The easy end of the panel.

The right arm of an ALOHA robot and the cube of gym-aloha's MuJoCo scene, at 20 Hz. The action is where the gripper
shall be; servo targets follow from it by closed-form inverse kinematics, the gripper pointing down, and ramp linearly
over the 50 ms of a control step. The arm stands at x = 0.469 m, y = 0.5 m and looks along -x; z is up. README.md beside
this file tells more, with a picture.

Observation, 20 Hz

| index | field            | component                                                         | min   | max  | unit |
| ----- | ---------------- | ----------------------------------------------------------------- | ----- | ---- | ---- |
| 0     | right_joints     | waist                                                             | -3.14 | 3.14 | rad  |
| 1     | right_joints     | shoulder                                                          | -1.85 | 1.26 | rad  |
| 2     | right_joints     | elbow                                                             | -1.76 | 1.61 | rad  |
| 3     | right_joints     | forearm roll                                                      | -3.14 | 3.14 | rad  |
| 4     | right_joints     | wrist angle                                                       | -1.87 | 2.23 | rad  |
| 5     | right_joints     | wrist rotation                                                    | -3.14 | 3.14 | rad  |
| 6     | right_gripper    | opening                                                           | 0     | 1    | 1    |
| 7     | gripper_position | x of the point between the finger pads, world                     | -0.6  | 0.6  | m    |
| 8     | gripper_position | y, world                                                          | 0     | 1    | m    |
| 9     | gripper_position | z, world                                                          | -0.1  | 0.6  | m    |
| 10    | gripper_yaw      | turn of the axis along which the fingers close; 0 is along y      | -1.57 | 1.57 | rad  |
| 11    | cube_offset      | x from that point to the cube's centre, world                      | -0.6  | 0.6  | m    |
| 12    | cube_offset      | y, world                                                          | -1    | 1    | m    |
| 13    | cube_offset      | z, world                                                          | -0.6  | 0.4  | m    |
| 14    | cube_orientation | w of the unit quaternion, never negative                          | 0     | 1    | 1    |
| 15-17 | cube_orientation | x, y, z of the unit quaternion, world                             | -1    | 1    | 1    |

Action, 20 Hz, absolute position targets

| index | field            | component                                         | min   | max  | unit |
| ----- | ---------------- | ------------------------------------------------- | ----- | ---- | ---- |
| 0     | gripper_position | x of the point between the finger pads, world     | -0.08 | 0.34 | m    |
| 1     | gripper_position | y, world                                          | 0.16  | 0.84 | m    |
| 2     | gripper_position | z, world                                          | 0.01  | 0.3  | m    |
| 3     | gripper_yaw      | turn of the axis along which the fingers close    | -1    | 1    | rad  |
| 4     | right_gripper    | opening; both fingers follow it                   | 0     | 1    | 1    |

A tenth of the box is out of the arm's reach; told to go there, it stretches towards it.

An episode succeeds when both fingers touch the cube at the end of a control step and the cube's centre is at least
10 cm higher than where it lay. It fails after 100 steps (5 s). Contacts are those before the last physics step of the
control step.

Dynamics factors: `object_mass` (mass and inertia of the cube), `object_friction` (friction of the cube, of the fingers
and of the table, since MuJoCo takes the larger one of a pair), `actuator_gain` (stiffness of all servos).

Version History
    v1: first version.
"""

from __future__ import annotations

from pathlib import Path

from tasks.engines.native_task import NativeTask
from tasks.lift.contract import CONTRACT

__all__ = ["task"]

task = NativeTask(
    contract=CONTRACT,
    demonstrations=Path(__file__).parent / "demonstrations",
    engine_of="tasks.lift.engine:LiftEngine",
    expert_of="tasks.lift.expert:LiftExpert",
    model_of="tasks.lift.model:compile_model",
    positions_of="tasks.lift.layout:positions_of",
)
"""The task `lift-v1`."""
