"""What there is: tasks, policies, faults, conditions, columns. Nothing heavy is imported."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from harness import registry
from harness.cli.screen import console
from harness.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.contract.fields import BoundedField
    from harness.contract.task import TaskContract
    from harness.faults.catalogue import FaultRow
    from harness.manifest.definitions import Definitions

__all__ = ["Kind", "show", "show_schema"]


class Kind(StrEnum):
    """What can be listed."""

    tasks = "tasks"
    policies = "policies"
    faults = "faults"
    conditions = "conditions"


def show(kind: Kind, *, only: str | None = None, long: bool = False, as_json: bool = False) -> None:
    """Print a table, or JSON; of one thing, or of faults with `long`, all that is known.

    Raises:
        UnknownIdError: there is nothing of the name `only`.
    """
    title, rows = _LISTS[kind]()
    if only is not None:
        known = [next(iter(row.values())) for row in rows]
        if only not in known:
            raise UnknownIdError.of(kind.value, only, known)
        rows = [row for row in rows if only in row.values()]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    elif kind is Kind.faults and (long or only is not None):
        _describe(only)
    elif kind is Kind.tasks and only is not None:
        _describe_task(only)
    else:
        _print(title, rows, hidden=_HIDDEN.get(kind, ()), note=_NOTES.get(kind))


def _print(title: str, rows: Rows, hidden: tuple[str, ...], note: str | None) -> None:
    """A table; where details are hidden without borders, since it has to fit 80 columns."""
    table = Table(title=title, title_justify="left")
    if hidden:
        table.box, table.pad_edge, table.padding = box.SIMPLE_HEAD, False, (0, 1, 0, 0)
    if note:
        table.caption, table.caption_justify = note, "left"
    for name in rows[0]:
        if name not in hidden:
            table.add_column(name, no_wrap=bool(hidden) and name != "meaning")
    for row in rows:
        table.add_row(*(value for name, value in row.items() if name not in hidden))
    console.print(table)


def _describe(only: str | None) -> None:
    """Faults with their parameters and what the levels of severity mean."""
    from harness.faults.catalogue import table  # noqa: PLC0415 -- pulls in pydantic models

    for row in table():
        if only in (None, row.id):
            _describe_one(row)


def _describe_one(row: FaultRow) -> None:
    console.print(f"[bold]{row.id}[/]  {row.meaning}")
    console.print(f"brings down {row.category.replace('_', ' ')}" + (f"; {row.source}" if row.source else ""))
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for item in row.parameters:
        example = f", such as {item.example}" if item.example else ""
        table.add_row(item.name, "" if item.required else "optional", escape(item.meaning + example))
    for ladder in row.ladders:
        table.add_row("severity", ladder.scope, ladder.text)
    console.print(table)


def _describe_task(name: str) -> None:
    """What is seen, what is done, when it is won, and from where it starts."""
    contract: TaskContract = registry.load("tasks", name).contract
    console.print(f"[bold]{contract.id}[/]  {escape(contract.description)}", highlight=False)
    facts = {
        "robot": contract.robot,
        "simulator": contract.simulator,
        "success": contract.success,
        "episode": f"{contract.horizon} steps of {1000 * contract.control_period_s:g} ms",
        "demonstrations": f"{contract.dataset.episodes} by the {contract.dataset.operator}",
        "cameras": ", ".join(f"{item.name} {item.width}x{item.height} on {item.mount}" for item in contract.cameras),
        "dynamics": ", ".join(contract.dynamics),
        "signals": ", ".join(signal.name for signal in contract.signals),
    }
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for what, text in facts.items():
        table.add_row(what, escape(text or "none"))
    console.print(table)
    console.print(_field_table("observation", contract.observation))
    console.print(_field_table("action", contract.action))
    starts = Table("start", *contract.resets, box=box.SIMPLE_HEAD, pad_edge=False)
    for variable, span in contract.resets["train"].items():
        ranges = [split[variable] for split in contract.resets.values()]
        starts.add_row(f"{variable} ({span.unit})", *(f"{item.low:g} to {item.high:g}" for item in ranges))
    console.print(starts)


def _field_table(kind: str, fields: Sequence[BoundedField]) -> Table:
    table = Table(kind, "size", "unit", "least", "most", "meaning", box=box.SIMPLE_HEAD, pad_edge=False)
    for field in fields:
        limits = (f"{min(field.low):g}", f"{max(field.high):g}")
        table.add_row(field.name, str(field.size), field.unit, *limits, escape(field.description))
    return table


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
_HIDDEN = {
    Kind.faults: ("parameters", "severity", "category"),
    Kind.tasks: ("observation", "action", "robot", "success"),
}
"""What a table leaves to the description of one."""
_NOTES = {Kind.faults: "* in the unit of the field, or as a share of its range"}


def _tasks() -> tuple[str, Rows]:
    rows = []
    for name in registry.ids("tasks"):
        contract = registry.load("tasks", name).contract
        rows.append(
            {
                "task": name,
                "meaning": contract.description,
                "rate": f"{1 / contract.control_period_s:g} Hz",
                "horizon": f"{contract.horizon} steps",
                "demonstrations": str(contract.dataset.episodes),
                "observation": str(contract.observation_width),
                "action": str(contract.action_width),
                "robot": contract.robot,
                "success": contract.success,
            }
        )
    return "tasks; list tasks NAME tells the contract", rows


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
        severity = "\n".join(f"{item.scope} {item.text}".strip() for item in row.ladders)
        rows.append(
            {
                "fault": row.id,
                "unit, bounds": row.bounds,
                "meaning": row.meaning,
                "parameters": parameters,
                "severity": severity,
                "category": row.category,
            }
        )
    return "faults, as they compose; list faults NAME tells parameters and severities", rows


def _conditions() -> tuple[str, Rows]:
    shared = _shared()
    climbing = {name for names in shared.families.values() for name in names}
    rows = [
        {"condition": name, "faults": "\n".join(_brief(fault.model_dump(mode="json")) for fault in item.faults)}
        for name, item in sorted(shared.conditions.items())
        if name not in climbing
    ]
    for family, names in sorted(shared.families.items()):
        ids = dict.fromkeys(fault.fault for fault in shared.conditions[names[0]].faults)
        rows.append({"condition": family, "faults": f"{', '.join(ids)}: {names[0]} to {names[-1]}"})
    return "conditions (manifests/conditions.yaml) and families of conditions (manifests/ladders.yaml)", rows


def _shared() -> Definitions:
    """The conditions and policies that the bundled manifests share."""
    from harness.manifest.definitions import definitions  # noqa: PLC0415 -- pulls in YAML and pydantic
    from harness.manifest.files import locate, read  # noqa: PLC0415 -- see above

    return definitions(read(locate("quick")), ("conditions.yaml", "ladders.yaml", "policies.yaml"))


def _brief(fault: dict[str, object]) -> str:
    rest = ", ".join(f"{key} {value}" for key, value in fault.items() if key not in ("fault", "window") and value)
    return f"{fault['fault']}: {rest}"


_LISTS = {Kind.tasks: _tasks, Kind.policies: _policies, Kind.faults: _faults, Kind.conditions: _conditions}
