"""A manifest read back from an artifact, so that its episodes can be acted out again without the file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from harness.contract.policy import Execution, Method
from harness.demonstrations import Selection
from harness.errors import ManifestError
from harness.manifest.documents import CalibrationEntry, ExplainEntry, RunEntry
from harness.manifest.manifest import AnySpec, ControlSpec, Declaration, Manifest, PolicySpec, TeamSpec
from harness.manifest.panel import Panel
from harness.registry import declare, load

__all__ = ["restore"]


def restore(document: Mapping[str, Any]) -> Manifest:
    """The inverse of `Manifest.document`.

    Raises:
        ManifestError: the document cannot be read, or names a version of a method that is not the one here.
        UnknownIdError: it names a method that is not here.
    """
    try:
        declarations = {
            task: Declaration(item["adapter"], item["settings"])
            for task, item in document.get("declarations", {}).items()
        }
        for task, item in declarations.items():
            declare(task, item.adapter, item.settings)
        return Manifest(
            name=document["name"],
            panel=Panel.model_validate(document["panel"]),
            policies=tuple(_policy(item) for item in document["policies"]),
            controls=tuple(
                ControlSpec(item["control"], tuple(item["conditions"]), item["of"]) for item in document["controls"]
            ),
            bands={name: (low, high) for name, (low, high) in document["bands"].items()},
            run=RunEntry.model_validate(document["run"]),
            explain=ExplainEntry.model_validate(document.get("explain", {})),
            calibration=_calibration(document.get("calibration")),
            anchor=document.get("anchor"),
            declarations=declarations,
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise ManifestError(
            "manifest in the artifact",
            expected="a document as `samepanel run` writes it",
            got=str(error).splitlines()[0],
            fix="use the samepanel version in the artifact's provenance",
        ) from error


def _calibration(document: Mapping[str, Any] | None) -> CalibrationEntry | None:
    return None if document is None else CalibrationEntry.model_validate(document)


def _policy(item: Mapping[str, Any]) -> AnySpec:
    if "team" not in item:
        return _single(item)
    members = tuple((agent, _single(member)) for agent, member in item["team"].items())
    return TeamSpec(item["name"], item["task"], item["seed"], members, Execution.model_validate(item["execution"]))


def _single(item: Mapping[str, Any]) -> PolicySpec:
    plugin: Method = load("methods", item["method"])
    if plugin.version != item["version"]:
        raise ManifestError(
            f"policy {item['label']!r} in the artifact",
            expected=f"version {item['version']} of method {item['method']!r}",
            got=f"version {plugin.version}",
            fix="use the samepanel version in the artifact's provenance",
        )
    return PolicySpec(
        name=item["name"],
        method=item["method"],
        version=item["version"],
        task=item["task"],
        seed=item["seed"],
        recipe=plugin.recipe.model_validate(item["recipe"]),
        execution=Execution.model_validate(item["execution"]),
        demonstrations=Selection.model_validate(item.get("demonstrations", {})),
        agent=item.get("agent"),
    )
