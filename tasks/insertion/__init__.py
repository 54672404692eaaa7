"""Insertion: an ALOHA robot picks up a peg and a socket and puts one into the other in the air (`insertion-v1`).

The simulated task of Zhao et al. 2023 (ACT) in gym-aloha's MuJoCo scene, at 25 Hz: joint targets ramp linearly over the
40 ms of a control step. Peg and socket start anywhere on a wider part of the table than there, and turned. Two ViperX
300 S arms face each other across 0.94 m; the world's x axis points from the left base to the right one, z up.

Peg: 120 x 20 x 20 mm. Socket: 120 mm long, open at both ends, 36 x 36 mm inside. So there are 8 mm to each side of a
peg whose end is in the middle. The pin, 80 mm long, fills the middle of the socket: it is touched once the peg is 20 mm
inside.

Observation, 25 Hz

| index | field              | component                                                     | min   | max  | unit |
| ----- | ------------------ | ------------------------------------------------------------- | ----- | ---- | ---- |
| 0     | left_joints        | waist                                                         | -3.14 | 3.14 | rad  |
| 1     | left_joints        | shoulder                                                      | -1.85 | 1.26 | rad  |
| 2     | left_joints        | elbow                                                         | -1.76 | 1.61 | rad  |
| 3     | left_joints        | forearm roll                                                  | -3.14 | 3.14 | rad  |
| 4     | left_joints        | wrist angle                                                   | -1.87 | 2.23 | rad  |
| 5     | left_joints        | wrist rotation                                                | -3.14 | 3.14 | rad  |
| 6     | left_gripper       | opening                                                       | 0     | 1    | 1    |
| 7-12  | right_joints       | as of the left arm                                            |       |      | rad  |
| 13    | right_gripper      | opening                                                       | 0     | 1    | 1    |
| 14    | socket_position    | x, world                                                      | -0.6  | 0.6  | m    |
| 15    | socket_position    | y, world                                                      | 0.2   | 1.0  | m    |
| 16    | socket_position    | z, world                                                      | -0.1  | 0.6  | m    |
| 17    | socket_orientation | w of the unit quaternion, never negative                      | 0     | 1    | 1    |
| 18-20 | socket_orientation | x, y, z of the unit quaternion, world                         | -1    | 1    | 1    |
| 21-23 | peg_position       | as of the socket                                              |       |      | m    |
| 24-27 | peg_orientation    | as of the socket                                              |       |      | 1    |

Action, 25 Hz, absolute position targets. The bounds are the operational range of an arm, as in `transfer-cube-v1`.

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

An episode succeeds when the peg touches the pin at the end of a control step while both fingers of each gripper touch
what they hold and neither thing touches the table. It fails after 200 steps (8 s). Progress is a quarter of gym-aloha's
reward: touched, lifted, met, inserted, but that gym-aloha asks for nothing beyond the touch of the pin, and for one
given finger of each gripper before. Contacts are those before the last physics step of the control step.

Shifts and pushes act on the peg. Dynamics factors: `object_mass` (mass and inertia of peg and socket),
`object_friction` (friction of both, of the fingers and of the table, since MuJoCo takes the larger one of a pair),
`actuator_gain` (stiffness of all servos).

Version History
    v1: first version.
"""

from __future__ import annotations

from pathlib import Path

from tasks.engines.native_task import NativeTask
from tasks.insertion.contract import CONTRACT

__all__ = ["task"]

task = NativeTask(
    contract=CONTRACT,
    demonstrations=Path(__file__).parent / "demonstrations",
    engine_of="tasks.insertion.engine:InsertionEngine",
    expert_of="tasks.insertion.expert:InsertionExpert",
    model_of="tasks.insertion.model:compile_model",
    positions_of="tasks.insertion.layout:positions_of",
)
