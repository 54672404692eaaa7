"""TransferCube: the right arm of an ALOHA robot picks up a cube and hands it to the left arm (`transfer-cube-v1`).

The simulated task of Zhao et al. 2023 (ACT) in gym-aloha's MuJoCo scene, at 25 Hz: joint targets ramp linearly over the
40 ms of a control step, and the cube starts anywhere on a wider part of the table, with any yaw. Two ViperX 300 S arms
face each other across 0.94 m; the world's x axis points from the left base to the right one, z up.

Observation, 25 Hz

| index | field            | component                                                       | min   | max  | unit |
| ----- | ---------------- | --------------------------------------------------------------- | ----- | ---- | ---- |
| 0     | left_joints      | waist                                                           | -3.14 | 3.14 | rad  |
| 1     | left_joints      | shoulder                                                        | -1.85 | 1.26 | rad  |
| 2     | left_joints      | elbow                                                           | -1.76 | 1.61 | rad  |
| 3     | left_joints      | forearm roll                                                    | -3.14 | 3.14 | rad  |
| 4     | left_joints      | wrist angle                                                     | -1.87 | 2.23 | rad  |
| 5     | left_joints      | wrist rotation                                                  | -3.14 | 3.14 | rad  |
| 6     | left_gripper     | opening                                                         | 0     | 1    | 1    |
| 7-12  | right_joints     | as of the left arm                                              |       |      | rad  |
| 13    | right_gripper    | opening                                                         | 0     | 1    | 1    |
| 14    | cube_position    | x, world                                                        | -0.6  | 0.6  | m    |
| 15    | cube_position    | y, world                                                        | 0.2   | 1.0  | m    |
| 16    | cube_position    | z, world                                                        | -0.1  | 0.6  | m    |
| 17    | cube_orientation | w of the unit quaternion, never negative                        | 0     | 1    | 1    |
| 18-20 | cube_orientation | x, y, z of the unit quaternion, world                           | -1    | 1    | 1    |

Action, 25 Hz, absolute position targets. The bounds are the operational range: all that the scenes of every split and
their recoveries need, plus a margin, inside the servos' range.

| index | field            | component                                                       | min   | max  | unit |
| ----- | ---------------- | --------------------------------------------------------------- | ----- | ---- | ---- |
| 0     | left_joints      | waist                                                           | -1.2  | 1.2  | rad  |
| 1     | left_joints      | shoulder                                                        | -1.2  | 1.0  | rad  |
| 2     | left_joints      | elbow                                                           | -1.2  | 1.4  | rad  |
| 3     | left_joints      | forearm roll                                                    | -0.8  | 0.8  | rad  |
| 4     | left_joints      | wrist angle                                                     | -1.1  | 2.0  | rad  |
| 5     | left_joints      | wrist rotation                                                  | -2.4  | 2.4  | rad  |
| 6     | left_gripper     | opening; both fingers follow it                                 | 0     | 1    | 1    |
| 7-13  | right_joints, right_gripper | as of the left arm                                   |       |      |      |

An episode succeeds when both fingers of the left gripper touch the cube at the end of a control step while the cube
does not touch the table, even if the right gripper still holds it. It fails after 150 steps (6 s). Progress is a
quarter of gym-aloha's reward: touched, lifted, attempted, transferred, but that gym-aloha asks for one finger only,
which random motion fulfils on one scene in fifteen. Contacts are those before the last physics step of the control
step.

Dynamics factors: `object_mass` (mass and inertia of the cube), `object_friction` (friction of the cube, of the fingers
and of the table, since MuJoCo takes the larger one of a pair), `actuator_gain` (stiffness of all servos).

Version History
    v1: first version.
"""

from __future__ import annotations

from pathlib import Path

from tasks.engines.native_task import NativeTask
from tasks.transfer_cube.contract import CONTRACT

__all__ = ["task"]

task = NativeTask(
    contract=CONTRACT,
    demonstrations=Path(__file__).parent / "demonstrations",
    engine_of="tasks.transfer_cube.engine:TransferEngine",
    expert_of="tasks.transfer_cube.expert:TransferExpert",
    model_of="tasks.transfer_cube.model:compile_model",
    positions_of="tasks.transfer_cube.layout:positions_of",
)
