"""Twelve environments of Meta-World (Yu et al. 2019) as tasks: `mw-reach-v1` is its reach-v3, and so on.

| observation | size | unit | what |
| --- | --- | --- | --- |
| hand_position | 3 | m | x, y, z |
| gripper_opening | 1 | 1 | 0 shut to 1 open |
| object_position | 3 | m | x, y, z of what is moved: puck, handle, button, lever, wrench, hammer |
| object_rotation | 4 | 1 | mw-assembly-v1 and mw-hammer-v1 only |
| target_position | 3 | m | mw-hammer-v1 only, the nail; it has no goal that changes |
| goal_position | 3 | m | x, y, z |

Actions are motions of the hand, x, y and z within 1 cm, and the effort of the fingers from -1 to 1, at 80 Hz. An
episode succeeds and ends when `info["success"]` is 1; it fails after 200 steps. A scene is a seed; what Meta-World
draws is a function of it alone (`environment`). There is no shifted distribution, nothing to push or move, no camera.

It needs the optional dependencies `metaworld`. An episode is the one that Meta-World gives when it is stepped by hand.

Version History
    v1: first version, on metaworld 3.0.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.engines.gymnasium_checks import check_packages
from tasks.engines.gymnasium_task import Environment, GymnasiumTask
from tasks.metaworld.contract import contract_of
from tasks.metaworld.table import ID, TABLE, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.contract.fields import Array
    from harness.contract.policy import Policy
    from tasks.engines.gymnasium_engine import Measure, Moments

__all__ = [
    "assembly",
    "button_press_topdown",
    "drawer_open",
    "faucet_open",
    "hammer",
    "lever_pull",
    "pick_place",
    "push",
    "reach",
    "shelf_place",
    "window_close",
    "window_open",
]

_EXTRA = "metaworld"
_REWARD = 10.0
"""Meta-World's largest."""


def _progress(moments: Moments) -> Array:
    return np.maximum(np.clip(moments.reward / _REWARD, 0.0, 1.0), moments.info["success"][..., 0])


_MEASURES: Mapping[str, Measure] = {
    "progress": _progress,
    "tracking_error": lambda moments: moments.info["lag"][..., 0],
    "contact": lambda moments: moments.info["touching"][..., 0],
    "distance": lambda moments: moments.info["obj_to_target"][..., 0],
}


def _task(name: str) -> GymnasiumTask:
    row = TABLE[name]
    contract = contract_of(row)

    def expert(_: int) -> Policy:
        check_packages(contract, _EXTRA)
        return _expert(row)

    return GymnasiumTask(
        contract=contract,
        environment=Environment(
            ID,
            module="tasks.metaworld.environment",
            arguments={"name": row.environment, "components": row.components},
            info={"success": 1, "obj_to_target": 1, "touching": 1, "lag": 1},
        ),
        signals={signal.name: _MEASURES[signal.name] for signal in contract.signals if signal.name in _MEASURES},
        demonstrations=Path(__file__).parent / "demonstrations" / name,
        expert_of=expert,
        extra=_EXTRA,
    )


def _expert(row: Row) -> Policy:
    from tasks.metaworld.expert import MetaWorldExpert  # noqa: PLC0415 (imports Meta-World)

    return MetaWorldExpert(row)


assembly = _task("assembly")
button_press_topdown = _task("button-press-topdown")
drawer_open = _task("drawer-open")
faucet_open = _task("faucet-open")
hammer = _task("hammer")
lever_pull = _task("lever-pull")
pick_place = _task("pick-place")
push = _task("push")
reach = _task("reach")
shelf_place = _task("shelf-place")
window_close = _task("window-close")
window_open = _task("window-open")
