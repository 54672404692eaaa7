"""What there is: tasks, policies, faults, conditions, columns. Nothing heavy is imported."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from rich.table import Table

from harness import registry
from harness.cli.screen import console

if TYPE_CHECKING:
    from harness.manifest.definitions import Definitions

__all__ = ["Kind", "show", "show_schema"]


class Kind(StrEnum):
    """What can be listed."""

    tasks = "tasks"
    policies = "policies"
    faults = "faults"
    conditions = "conditions"


def show(kind: Kind, *, as_json: bool) -> None:
    """Print a table, or JSON."""
    title, rows = _LISTS[kind]()
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table(title=title, title_justify="left", show_lines=kind is Kind.faults)
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*row.values())
    console.print(table)


def show_schema(*, manifest: bool) -> None:
    """Print the columns of the artifact, or the JSON schema of manifests."""
    if manifest:
        from harness.manifest.schema import manifest_schema  # noqa: PLC0415 -- only one of the two is needed

        sys.stdout.write(json.dumps(manifest_schema(), indent=2) + "\n")
        return
    from harness.artifact.schema import COLUMNS, VERSION  # noqa: PLC0415 -- pulls in pyarrow

    table = Table(title=f"artifact, schema {VERSION}; one row an episode", title_justify="left")
    for name in ("column", "group", "type", "meaning"):
        table.add_column(name, no_wrap=name in ("column", "group"))
    for column in COLUMNS:
        kind = str(column.type)
        kind = kind if len(kind) <= 40 else kind.split("<")[0]
        table.add_row(column.name, column.group, kind, column.doc + (" Measured." if column.measured else ""))
    console.print(table)


Rows = list[dict[str, str]]


def _tasks() -> tuple[str, Rows]:
    rows = []
    for name in registry.ids("tasks"):
        contract = registry.load("tasks", name).contract
        rows.append(
            {
                "task": name,
                "robot": contract.robot,
                "rate": f"{1 / contract.control_period_s:g} Hz",
                "horizon": f"{contract.horizon} steps",
                "observation": str(contract.observation_width),
                "action": str(contract.action_width),
                "demonstrations": str(contract.dataset.episodes),
                "success": contract.success,
            }
        )
    return "tasks", rows


def _policies() -> tuple[str, Rows]:
    methods = {name: item.definition.method for name, item in sorted(_shared().policies.items())}
    rows = [{"policy": name, "kind": "policy", "method": method} for name, method in methods.items()]
    used = set(methods.values())
    rows += [{"policy": "", "kind": "method", "method": name} for name in registry.ids("methods") if name not in used]
    rows += [{"policy": name, "kind": "control", "method": ""} for name in registry.ids("controls")]
    return "policies (recipes in manifests/policies.yaml) and controls", rows


def _faults() -> tuple[str, Rows]:
    from harness.faults.catalogue import table  # noqa: PLC0415 -- pulls in pydantic models

    rows = []
    for row in table():
        parameters = "\n".join(f"{item.name}: {item.meaning}" for item in row.parameters)
        rows.append({"fault": row.id, "meaning": row.meaning, "parameters": parameters})
    return "faults", rows


def _conditions() -> tuple[str, Rows]:
    rows = [
        {"condition": name, "faults": "\n".join(_brief(fault.model_dump(mode="json")) for fault in item.faults)}
        for name, item in sorted(_shared().conditions.items())
    ]
    return "conditions (manifests/conditions.yaml)", rows


def _shared() -> Definitions:
    """The conditions and policies that the bundled manifests share."""
    from harness.manifest.definitions import definitions  # noqa: PLC0415 -- pulls in YAML and pydantic
    from harness.manifest.files import locate, read  # noqa: PLC0415 -- see above

    return definitions(read(locate("quick")), ("conditions.yaml", "policies.yaml"))


def _brief(fault: dict[str, object]) -> str:
    rest = ", ".join(f"{key} {value}" for key, value in fault.items() if key not in ("fault", "window") and value)
    return f"{fault['fault']}: {rest}"


_LISTS = {Kind.tasks: _tasks, Kind.policies: _policies, Kind.faults: _faults, Kind.conditions: _conditions}
