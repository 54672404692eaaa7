"""From a YAML file to a `Manifest`: every name looked up, every recipe and fault checked, nothing run."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path

from harness import registry
from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.faults.base import Fault
from harness.faults.catalogue import canonical, check
from harness.manifest.complaints import validated
from harness.manifest.definitions import Condition, Definitions, definitions
from harness.manifest.documents import ALL, ControlEntry, ManifestFile
from harness.manifest.files import Source, locate, read
from harness.manifest.manifest import DEFAULT_BANDS, AnySpec, ControlSpec, Declaration, Manifest
from harness.manifest.panel import SEMANTICS, Panel, PanelTask
from harness.manifest.recipes import specify
from harness.manifest.teams import assembled

__all__ = ["load_manifest"]

_DERIVED_CONTROLS = ("again", "blind", "shuffled")


def load_manifest(name: str | Path) -> Manifest:
    """Load a manifest by path, or a bundled one by its bare name.

    Raises:
        ManifestError: in one line where, expected, got and fix.
    """
    source = read(locate(name))
    file = validated(ManifestFile, source)
    found = definitions(source, file.include)
    declarations = _declarations(file, source)
    panel = _panel(file, found, source)
    policies = _policies(file, found, panel, source)
    controls = tuple(
        _control(entry, index, panel, found, policies, source) for index, entry in enumerate(file.controls)
    )
    _refuse_repeats([control.label for control in controls], source, "controls")
    for control in file.bands:
        _look_up("control", control, registry.ids("controls"), source.where(("bands", control)))
    manifest = Manifest(
        name=file.name,
        panel=panel,
        policies=policies,
        controls=controls,
        bands=DEFAULT_BANDS | file.bands,
        run=file.run,
        explain=file.explain,
        calibration=file.calibration,
        anchor=file.anchor,
        declarations=declarations,
    )
    _check_labels(manifest, source)
    return manifest


def _declarations(file: ManifestFile, source: Source) -> dict[str, Declaration]:
    """Tasks that the manifest describes itself, made known."""
    made: dict[str, Declaration] = {}
    for index, entry in enumerate(file.panel.tasks):
        if entry.gymnasium is None:
            continue
        if entry.task in made:
            where = source.where(("panel", "tasks", index, "gymnasium"))
            raise ManifestError(where, expected="one description of a task", got="a second", fix="leave it out here")
        settings = entry.gymnasium.model_dump(mode="json")
        if entry.gymnasium.demonstrations is not None:
            settings["demonstrations"] = str((source.path.parent / entry.gymnasium.demonstrations).absolute())
        registry.declare(entry.task, "gymnasium", settings)
        made[entry.task] = Declaration("gymnasium", settings)
    return made


def _check_labels(manifest: Manifest, source: Source) -> None:
    """Labels and conditions that other sections name are those of the manifest."""
    labels = [*(policy.label for policy in manifest.policies), *(control.label for control in manifest.controls)]
    what = "policy or control of this manifest"
    if manifest.anchor is not None:
        _look_up(what, manifest.anchor, labels, source.where(("anchor",)))
    if manifest.calibration is None:
        return
    for label, defect in manifest.calibration.defects.items():
        where = source.where(("calibration", "defects", label))
        _look_up(what, label, labels, where)
        _look_up(what, defect.healthy, labels, f"{where}.healthy")
    for condition in manifest.calibration.conditions:
        where = source.where(("calibration", "conditions", condition))
        _look_up("condition of this panel", condition, manifest.panel.conditions, where)


def _panel(file: ManifestFile, found: Definitions, source: Source) -> Panel:
    tasks = {}
    for index, entry in enumerate(file.panel.tasks):
        where = source.where(("panel", "tasks", index))
        _look_up("task", entry.task, registry.ids("tasks"), where)
        contract = registry.load("tasks", entry.task).contract
        key = f"{entry.task}/{entry.split}"
        if key in tasks:
            raise ManifestError(where, expected="every task and split once", got=f"{key} again", fix="remove one")
        tasks[key] = PanelTask(contract=contract, split=entry.split, scenes=tuple(range(entry.scenes)))
    contracts = {task.contract.id: task.contract for task in tasks.values()}
    conditions = _conditions(file, found, list(contracts.values()), source)
    return Panel(
        semantics=SEMANTICS,
        seed=file.seed,
        replicates=file.panel.replicates,
        tasks=tasks,
        conditions={condition.name: _on(condition, contracts) for condition in conditions},
    )


def _on(condition: Condition, tasks: Container[str]) -> tuple[Fault, ...]:
    """Faults of a condition that act on a task of the panel; others change no outcome, and so no panel."""
    return canonical(fault for fault in condition.faults if fault.task is None or fault.task in tasks)


def _conditions(
    file: ManifestFile, found: Definitions, contracts: list[TaskContract], source: Source
) -> list[Condition]:
    _refuse_repeats(file.panel.conditions, source, "panel", "conditions")
    names: list[str] = []
    for index, listed in enumerate(file.panel.conditions):
        where = source.where(("panel", "conditions", index))
        _look_up("condition", listed, [*found.conditions, *found.families], where)
        for name in found.spread(listed):
            if name in names:
                raise ManifestError(where, expected="every condition once", got=f"{name} again", fix="remove one")
            _check_condition(found.conditions[name], contracts)
            names.append(name)
    return [found.conditions[name] for name in names]


def _check_condition(condition: Condition, contracts: list[TaskContract]) -> None:
    """Faults one by one, so that the error names the line, and then together."""
    for index, fault in enumerate(condition.faults):
        if fault.task is not None:
            _look_up("task", fault.task, registry.ids("tasks"), condition.where(index))
        for contract in contracts:
            check([fault], contract, condition.where(index))
    for contract in contracts:
        check(condition.faults, contract, condition.where())


def _policies(file: ManifestFile, found: Definitions, panel: Panel, source: Source) -> tuple[AnySpec, ...]:
    _refuse_repeats([entry.policy for entry in file.policies], source, "policies")
    contracts = {task.contract.id: task.contract for task in panel.tasks.values()}
    specs: list[AnySpec] = []
    for index, entry in enumerate(file.policies):
        _look_up("policy", entry.policy, found.policies, source.where(("policies", index)))
        _refuse_repeats(entry.seeds, source, "policies", index, "seeds")
        policy = found.policies[entry.policy]
        specs += [specify(policy, task, seed) for task in sorted(contracts) for seed in entry.seeds]
    for index, team in enumerate(file.teams):
        where = source.where(("teams", index))
        if team.team in {spec.name for spec in specs}:
            raise ManifestError(where, expected="a name of its own", got=repr(team.team), fix="rename the team")
        for name in team.agents.values():
            _look_up("policy", name, found.policies, where)
        _refuse_repeats(team.seeds, source, "teams", index, "seeds")
        members = {agent: found.policies[name] for agent, name in team.agents.items()}
        specs += [
            assembled(team, members, contract, seed, where)
            for _, contract in sorted(contracts.items())
            for seed in team.seeds
        ]
    return tuple(specs)


def _control(
    entry: ControlEntry,
    index: int,
    panel: Panel,
    found: Definitions,
    policies: tuple[AnySpec, ...],
    source: Source,
) -> ControlSpec:
    where = source.where(("controls", index))
    _look_up("control", entry.control, registry.ids("controls"), where)
    everywhere = ALL in entry.conditions
    named = tuple(name for listed in entry.conditions for name in found.spread(listed))
    conditions = tuple(panel.conditions) if everywhere else named
    for name in conditions:
        _look_up("condition of this panel", name, panel.conditions, f"{where}.conditions")
    return ControlSpec(entry.control, conditions, _derived_from(entry, policies, where))


def _derived_from(entry: ControlEntry, policies: tuple[AnySpec, ...], where: str) -> str | None:
    """Label of the policy that a derived control takes its actions from: the first seed of the one named."""
    if (entry.of is not None) != (entry.control in _DERIVED_CONTROLS):
        raise ManifestError(
            f"{where}.of",
            expected="the name of a policy" if entry.of is None else f"nothing for control {entry.control!r}",
            got="nothing" if entry.of is None else repr(entry.of),
            fix="add `of: <policy>`" if entry.of is None else "remove it",
        )
    if entry.of is None:
        return None
    labels = {policy.name: policy.label for policy in reversed(policies)}
    _look_up("policy of this manifest", entry.of, labels, f"{where}.of")
    return labels[entry.of]


def _look_up(kind: str, name: str, known: Iterable[str], where: str) -> None:
    names = list(known)
    if name not in names:
        raise ManifestError(where, got=f"unknown {kind} {name!r}", fix=UnknownIdError.of(kind, name, names).fix)


def _refuse_repeats(names: Iterable[str | int], source: Source, *location: str | int) -> None:
    listed = list(names)
    for index, name in enumerate(listed):
        if name in listed[:index]:
            raise ManifestError(
                source.where((*location, index)), expected="every entry once", got=f"{name} again", fix="remove one"
            )
