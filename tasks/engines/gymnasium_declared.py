"""A task of a Gymnasium environment that a manifest describes: nothing is written but the manifest.

Its signals are success and reward, and it has no expert. What else there is to say, about units and frames, a package
with a contract says better.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import ContractError, DatasetError, SamepanelError
from harness.quantities import Duration
from tasks.engines.gymnasium_spaces import contract_from_spaces
from tasks.engines.gymnasium_task import Environment, GymnasiumTask

__all__ = ["declared_task"]

_NOWHERE = Path("no-demonstrations")


def declared_task(id: str, settings: Mapping[str, Any]) -> GymnasiumTask:
    """The task that a manifest's key `gymnasium` describes.

    Args:
        id: of the task, versioned.
        settings: `harness.manifest.documents.GymnasiumEntry` as JSON.

    Raises:
        ContractError: the environment cannot be made, or its spaces make no contract.
        DatasetError: the demonstrations are not there.
    """
    success = settings["success"]
    environment = Environment(
        settings["id"],
        module=settings["module"],
        arguments=settings["arguments"],
        info={} if success == "terminated" else {success: 1},
    )
    folder = settings["demonstrations"]
    try:
        contract = contract_from_spaces(
            id,
            environment,
            control_period_s=Duration.parse(settings["control_period"]).value,
            horizon=settings["horizon"],
            success=success,
            demonstrations=0 if folder is None else _count(Path(folder)),
            proprioceptive=settings["proprioceptive"],
            limits={name: (low, high) for name, (low, high) in settings["limits"].items()},
            description=f"{environment.id} with {json.dumps(environment.arguments, sort_keys=True)}",
            simulator=", ".join(settings["packages"]),
        )
    except SamepanelError:
        raise
    except Exception as error:  # an environment may raise anything
        raise ContractError(
            f"task {id}, environment {environment.id}",
            expected="an environment that can be made",
            got=f"{type(error).__name__}: {error}",
            fix="name the `module` that registers it, and install its package",
        ) from error
    return GymnasiumTask(contract, environment, demonstrations=_NOWHERE if folder is None else Path(folder))


def _count(folder: Path) -> int:
    """Episodes of a LeRobotDataset, by its own account."""
    try:
        return int(json.loads((folder / "meta" / "info.json").read_text())["total_episodes"])
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f"data set {folder}", expected="a LeRobotDataset v3.0", got=str(error), fix="correct `demonstrations`"
        ) from error
