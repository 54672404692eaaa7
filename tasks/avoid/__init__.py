"""Avoid: cross three rows of posts, by any of 24 ways, without touching one (`avoid-v1`).

After the Avoiding task of D3IL (Jia et al. 2024): one, two and three round posts leave 2 x 3 x 4 ways through. Here the
rows stand a little aside in every scene, and the effector's drive turns and scales every command by an unknown amount,
so that commands alone lead astray. README.md beside this file tells more, with a picture.

Observation, 10 Hz, frame: world, x to the right and y towards the finish

| index | field             | component      | min   | max  | unit |
| ----- | ----------------- | -------------- | ----- | ---- | ---- |
| 0     | effector_position | x              | -0.36 | 0.36 | m    |
| 1     | effector_position | y              | 0     | 0.76 | m    |
| 2     | row_positions     | x of the first | -0.36 | 0.36 | m    |
| 3     | row_positions     | y of the first | 0     | 0.76 | m    |
| 4     | row_positions     | x of the second | -0.36 | 0.36 | m   |
| 5     | row_positions     | y of the second | 0     | 0.76 | m   |
| 6     | row_positions     | x of the third | -0.36 | 0.36 | m    |
| 7     | row_positions     | y of the third | 0     | 0.76 | m    |

Action, 10 Hz, frame: world

| index | field             | component | min  | max | unit | mode            |
| ----- | ----------------- | --------- | ---- | --- | ---- | --------------- |
| 0     | effector_velocity | x         | -0.3 | 0.3 | m/s  | velocity target |
| 1     | effector_velocity | y         | -0.3 | 0.3 | m/s  | velocity target |

An episode succeeds when the effector's centre is at y >= 0.67 m and no post was touched at any physics step before. It
fails after 120 steps. A touch ends no episode, since a contract ends episodes by success only; it is remembered in the
state, progress stands still from then on, and what the policy does next stays in the trace.

Dynamics factors: `object_mass` and `object_friction` (of the rows: how they give way to a touch or a push),
`actuator_gain` (how hard the motors pull the effector towards its velocity), `actuator_force` (the most they can).

Version History
    v1: first version.
"""

from __future__ import annotations

from pathlib import Path

from tasks.avoid.contract import CONTRACT
from tasks.engines.native_task import NativeTask

__all__ = ["task"]

task = NativeTask(
    contract=CONTRACT,
    demonstrations=Path(__file__).parent / "demonstrations",
    engine_of="tasks.avoid.engine:AvoidEngine",
    expert_of="tasks.avoid.expert:AvoidExpert",
    model_of="tasks.avoid.engine:load_model",
    positions_of="tasks.avoid.engine:positions_of",
    finished="tasks.avoid.engine:blank",
)
