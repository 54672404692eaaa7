"""The verb `explain`: causes of failed episodes, found by re-simulation, and the story of one of them."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from rich.table import Table

from harness.artifact.amend import amend
from harness.artifact.reader import Artifact, open_artifact
from harness.cli.screen import bars, console
from harness.contract.policy import Runtime
from harness.executors.audit import open_manifest
from harness.executors.explaining import Budget, Explanation, explain
from harness.reports.figure import draw
from harness.reports.story import tell

__all__ = ["explain_artifact", "explain_episode", "explained"]


def explain_artifact(path: Path, episodes: int | None, replicates: int | None, seed: int, threads: int) -> None:
    """Explain a seeded draw of failures within the budget, amend the artifact, and print causes and cost."""
    artifact = open_artifact(path)
    settings = open_manifest(artifact).explain
    budget = Budget(episodes or settings.episodes, replicates or settings.replicates, seed=seed)
    started = time.perf_counter()
    found = explained(artifact, budget, threads)
    _print_causes(open_artifact(path), found)
    _print_cost(artifact, found, time.perf_counter() - started)


def explain_episode(path: Path, episode: str, out: Path | None, replicates: int | None, threads: int) -> None:
    """Tell the story of one episode, finding its cause first if need be, and draw its figure."""
    artifact = open_artifact(path)
    story = tell(artifact, episode)
    if story is None:
        settings = open_manifest(artifact).explain
        explained(artifact, Budget(1, replicates or settings.replicates, named=(episode,)), threads)
        story = tell(open_artifact(path), episode)
        assert story is not None, "it has just been explained"
    picture = out or path.with_name(f"{story.row['episode']}-cause.png")
    contract = artifact.metadata["manifest"]["panel"]["tasks"][f"{story.row['task']}/{story.row['split']}"]["contract"]
    draw(story, contract["control_period_s"], picture)
    console.print("\n".join([*story.lines(), str(picture)]), highlight=False, markup=False, soft_wrap=True)


def explained(artifact: Artifact, budget: Budget, threads: int) -> Explanation:
    """Find causes and write verdicts and probes into the file; what was found comes back."""
    with bars() as watcher:
        found = explain(artifact, budget, Runtime(threads), watcher=watcher)
    earlier = artifact.metadata.get("explain", {"episodes": 0})
    note = {"budget": vars(budget), "episodes": earlier["episodes"] + len(found.verdicts)}
    amend(artifact, found.verdicts, found.probes, {"explain": note})
    return found


def _print_causes(artifact: Artifact, found: Explanation) -> None:
    rows = artifact.columns("episode", "policy", "task", "failure_category").to_pylist()
    explained = [row for row in rows if row["episode"] in found.verdicts]
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for row in explained:
        verdict = found.verdicts[row["episode"]]
        key = (verdict["verdict"]["kind"], verdict["verdict"]["category"], verdict["cause"])
        counts.setdefault(key, Counter())[row["policy"]] += 1
    policies = sorted({row["policy"] for row in explained})
    table = Table(title="causes of failed episodes", title_justify="left", title_style="bold")
    table.add_column("cause", no_wrap=True)
    for name in policies:
        table.add_column(name, justify="right")
    for key, count in sorted(counts.items(), key=lambda item: -item[1].total()):
        kind, category, cause = key
        numbers = (str(count[name] or "") for name in policies)
        table.add_row(f"{cause}\n[dim]{kind}, {category.replace('_', ' ')}[/]", *numbers)
    console.print(table)


def _print_cost(artifact: Artifact, found: Explanation, seconds: float) -> None:
    rows = artifact.columns("purpose", "steps").to_pylist()
    panel = sum(row["steps"] for row in rows if row["purpose"] != "probe")
    cases = max(1, len(found.verdicts))
    console.print(
        f"{artifact.path}: {len(found.verdicts)} failures explained by {len(found.probes)} probes "
        f"({len(found.probes) / cases:.1f} each) in {seconds:.0f} s; they ran {found.steps} control steps, "
        f"{_share(found.steps, panel)} of what the panel ran",
        highlight=False,
        soft_wrap=True,
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "nothing"
