"""Push-T: push a T-shaped block onto its goal pose with a round pusher (`pusht-v1`).

The field's task (Florence et al. 2021, Implicit Behavioral Cloning; Chi et al. 2023, Diffusion Policy) rebuilt in
MuJoCo at 1 mm a pixel, with z pointing to the viewer. The block slides under viscous friction and stops when it is not
pushed; the pusher is a ball on two position-controlled slides of limited force; contact is frictionless.

Observation, 10 Hz, frame: world, but for the last field, which is in the frame of the block: its centroid and axes

| index | field             | component | min    | max   | unit |
| ----- | ----------------- | --------- | ------ | ----- | ---- |
| 0     | pusher_position   | x         | 0      | 0.512 | m    |
| 1     | pusher_position   | y         | 0      | 0.512 | m    |
| 2     | block_position    | x         | 0      | 0.512 | m    |
| 3     | block_position    | y         | 0      | 0.512 | m    |
| 4     | block_orientation | cosine    | -1     | 1     | 1    |
| 5     | block_orientation | sine      | -1     | 1     | 1    |
| 6     | pusher_in_block   | x         | -1.024 | 1.024 | m    |
| 7     | pusher_in_block   | y         | -1.024 | 1.024 | m    |

Action, 10 Hz, frame: world

| index | field         | component | min | max   | unit | mode                     |
| ----- | ------------- | --------- | --- | ----- | ---- | ------------------------ |
| 0     | pusher_target | x         | 0   | 0.512 | m    | absolute position target |
| 1     | pusher_target | y         | 0   | 0.512 | m    | absolute position target |

The block's position is the middle of the outer edge of its bar, as in the field; the goal is (0.256, 0.256) m at 45
degrees. An episode succeeds when the block covers at least 0.90 of the goal's area at the end of a control step, and
fails after 300 steps. It goes on for 20 steps after its first success, or until 0.95 is covered, so that the signal
`coverage` lets a reader derive stricter thresholds.

Version History
    v1: first version.
"""

from __future__ import annotations

from pathlib import Path

from tasks.engines.native_task import NativeTask
from tasks.pusht.contract import CONTRACT

__all__ = ["task"]

task = NativeTask(
    contract=CONTRACT,
    demonstrations=Path(__file__).parent / "demonstrations",
    engine_of="tasks.pusht.engine:PushTEngine",
    expert_of="tasks.pusht.expert:PushTExpert",
    model_of="tasks.pusht.engine:load_model",
    positions_of="tasks.pusht.engine:positions_of",
    expert_threads=True,
)
