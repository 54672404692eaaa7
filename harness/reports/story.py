"""The story of one explained episode, from an artifact and nothing else: its row, and the probe rows it points at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.artifact.reader import Artifact
from harness.errors import ArtifactError

__all__ = ["Story", "tell"]

_TWIN, _TAKEOVER = "nominal twin", "expert takes over at step "


@dataclass(frozen=True)
class Story:
    """One explained episode.

    Attributes:
        row: of the episode.
        probes: rows of its probes, in the order in which they were run.
    """

    row: Mapping[str, Any]
    probes: Sequence[Mapping[str, Any]]

    @property
    def twin(self) -> Mapping[str, Any] | None:
        """The same policy without any fault; None where no fault was at work."""
        return next((probe for probe in self.probes if probe["probe"] == _TWIN), None)

    @property
    def rescue(self) -> Mapping[str, Any] | None:
        """The last takeover that saved the episode."""
        step = self.row["point_of_no_return"]
        return next((probe for probe in self.probes if probe["probe"] == f"{_TAKEOVER}{step}"), None)

    def lines(self) -> list[str]:
        """In about ten lines."""
        row, verdict = self.row, self.row["verdict"]
        return [
            f"{row['policy']} on {row['task']}/{row['split']}, {row['condition']}, scene {row['scene']} "
            f"(episode {row['episode']})",
            f"outcome    {row['outcome']} after {row['steps']} steps, progress {row['progress']:.2f}"
            + (f", stage {row['stage']}" if row["stage"] else ""),
            f"label      {row['failure_category']}: {row['failure_evidence']['text']}",
            *(f"fault      {_fault(fault)}" for fault in row["faults"]),
            *(f"probe      {_probe(probe)}" for probe in self._changes()),
            f"expert     {self._expert()}",
            f"cause      {row['cause']} ({verdict['kind']}, {verdict['category']})",
            f"because    {verdict['text']}",
        ]

    def _changes(self) -> list[Mapping[str, Any]]:
        """Probes of the policy under its own noise: redraws are counted in the verdict, takeovers told apart."""
        told = (probe for probe in self.probes if probe["policy"] == self.row["policy"])
        return [probe for probe in told if "noise redrawn" not in probe["probe"]]

    def _expert(self) -> str:
        step = self.row["point_of_no_return"]
        if step is None:
            return "fails from the start" if self.row["cause"] == "scene" else "was not asked"
        return f"saves the episode by taking over at step {step}, and no longer at step {step + 1} or later ones asked"


def tell(artifact: Artifact, episode: str) -> Story | None:
    """The story of an episode; None if it was not explained yet.

    Raises:
        UnknownIdError: no episode, or several, begin so.
        ArtifactError: a probe that its verdict points at is not in the artifact.
    """
    row = artifact.row(episode)
    if row.get("verdict") is None:
        return None
    wanted = row["verdict"]["probes"]
    found = artifact.rows(set(wanted))
    if missing := [probe for probe in wanted if probe not in found]:
        raise ArtifactError(
            f"episode {row['episode']} of {artifact.path}",
            expected="the probes that its verdict points at",
            got=f"{len(missing)} missing, first {missing[0]}",
            fix="run `samepanel explain` again",
        )
    return Story(row, [found[probe] for probe in wanted])


def _fault(fault: Mapping[str, Any]) -> str:
    return f"{fault['fault']}, steps {fault['start']} to {fault['stop']}: {fault['parameters']}"


def _probe(probe: Mapping[str, Any]) -> str:
    return f"{probe['probe']}: {probe['outcome']} after {probe['steps']} steps"
