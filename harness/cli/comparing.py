"""The verb `compare`: which policy is best, how sure, and what broke since the baseline."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.artifact.reader import Artifact, open_artifact
from harness.cli.screen import console
from harness.errors import UnknownIdError
from harness.reports.comparison import (
    By,
    Comparison,
    MethodClaim,
    Rules,
    Standing,
    changes,
    compare,
    methods,
    scopes,
    standings,
)
from harness.reports.pairing import Entrant, Flip, Scope, entrants, flips, same_panel

__all__ = ["Options", "compare_artifacts"]

SHOWN = 10
"""Flipped episodes printed a policy; the JSON has all."""
COLOURS = {"better": "green", "worse": "red", "equivalent": "cyan", "inconclusive": "dim"}


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    policies: tuple[str, ...] = ()
    baseline: Path | None = None
    by: By = "task"
    rules: Rules = field(default_factory=Rules)
    controls: bool = False
    as_json: bool = False


@dataclass(frozen=True)
class _Found:
    """All that is told."""

    standings: list[Standing]
    pairs: tuple[Comparison, ...]
    methods: tuple[MethodClaim, ...]
    changes: tuple[Comparison, ...]
    flips: list[Flip]
    invalid: tuple[str, ...]
    rules: Rules

    @property
    def regressed(self) -> bool:
        """Whether something got significantly worse since the baseline."""
        return any(item.verdict == "worse" for item in self.changes)


def compare_artifacts(paths: Sequence[Path], options: Options) -> bool:
    """Compare, print, and return whether nothing got significantly worse since the baseline."""
    found = _compare([open_artifact(path) for path in paths], options)
    if options.as_json:
        sys.stdout.write(json.dumps(_document(found), indent=2) + "\n")
    else:
        _print(found, options, console)
    return not found.regressed


def _compare(artifacts: list[Artifact], options: Options) -> _Found:
    entered, rules = entrants(artifacts, options.policies, controls=options.controls), options.rules
    parts = scopes(entered, options.by)
    couples = list(combinations(entered, 2))
    overall = compare(couples, [Scope()], rules)
    pairs = overall if options.by == "overall" else compare(couples, parts, rules)
    since, flipped = _since(artifacts, entered, options)
    return _Found(
        standings=standings(entered, overall, Scope(), rules),
        pairs=pairs,
        methods=methods(entered, [Scope()]),
        changes=since,
        flips=flipped,
        invalid=tuple(str(item.path) for item in artifacts if not item.metadata["controls"]["valid"]),
        rules=rules,
    )


def _since(
    artifacts: list[Artifact], entered: tuple[Entrant, ...], options: Options
) -> tuple[tuple[Comparison, ...], list[Flip]]:
    if options.baseline is None:
        return (), []
    old = open_artifact(options.baseline)
    same_panel([*artifacts, old])
    before = entrants([old], controls=options.controls or bool(options.policies))
    labels = {entrant.label for entrant in entered}
    before = tuple(entrant for entrant in before if entrant.label in labels)
    if not before:
        raise UnknownIdError(
            f"baseline {options.baseline}", expected=f"one of the policies {', '.join(sorted(labels))}", got="none"
        )
    parts = dict.fromkeys([Scope(), *scopes(before, options.by)])
    return changes(before, entered, list(parts), options.rules), flips(before, entered)


def _print(found: _Found, options: Options, to: Console) -> None:
    for path in found.invalid:
        to.print(f"[bold red]{path} is invalid: its controls left their band, so it ranks nothing[/]", soft_wrap=True)
    to.print(_standing_table(found))
    if options.baseline is None:
        to.print("[dim]what broke: name last week's artifact with --baseline[/]")
    else:
        _print_changes(found, to)
    if found.pairs:
        to.print(_pair_table(found.pairs, f"pairs by {options.by}", found.rules))
    if found.methods:
        to.print(_method_table(found.methods))
    else:
        to.print("[dim]No method has 3 training seeds: all of this speaks of these checkpoints, not of methods.[/]")


def _standing_table(found: _Found) -> Table:
    table = Table(title="which is best, and how sure", title_justify="left", title_style="bold")
    for name in ("rank", "policy", "success", "95 %" if found.rules.alpha == 0.05 else "interval", "ties", "episodes"):
        table.add_column(name, no_wrap=name == "policy")
    for item in found.standings:
        rank = f"{item.rank.best}" if item.rank.best == item.rank.worst else f"{item.rank.best}-{item.rank.worst}"
        errors = f" [red]+{item.errors} errors[/]" if item.errors else ""
        low, high = item.success.low, item.success.high
        table.add_row(
            rank, item.name, f"{item.success.estimate:.3f}", f"{low:.2f}-{high:.2f}", item.letters,
            f"{item.scored}{errors}",
        )  # fmt: skip
    return table


def _print_changes(found: _Found, to: Console) -> None:
    to.print(_pair_table(found.changes, "what changed since the baseline, the worst first", found.rules))
    lost = [item for item in found.flips if not item.now]
    gained = len(found.flips) - len(lost)
    to.print(f"{len(lost)} episodes fail that succeeded, {gained} succeed that failed", highlight=False)
    for item in lost[:SHOWN]:
        to.print(f"  samepanel replay {item.path} {item.episode}  [dim]{item.label}, {item.world}[/]", soft_wrap=True)


def _pair_table(items: Sequence[Comparison], title: str, rules: Rules) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.caption = f"Holm over these {len(items)}, alpha {rules.alpha:g}, margin {rules.margin:g}"
    table.caption_justify = "left"
    table.add_column("first, second")
    for name in ("n11 n10 n01 n00", "difference", "p, adjusted"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for item in items:
        counts = f"{item.table.n11} {item.table.n10} {item.table.n01} {item.table.n00}"
        out = f"\n[red]{item.missing} missing, {item.unscored} errors[/]" if item.missing + item.unscored else ""
        more = f"\n[dim]{_needed(item)}[/]" if item.verdict == "inconclusive" else ""
        table.add_row(
            f"{item.first}, {item.second}\n[dim]{item.scope}[/]",
            f"{counts}\n[dim]phi {item.table.phi:.2f}[/]{out}",
            f"{item.interval.estimate:+.3f}\n[dim]{item.interval.low:+.2f} to {item.interval.high:+.2f}[/]",
            f"{item.p:.2g}\n{item.p_adjusted:.2g}",
            f"[{COLOURS[item.verdict]}]{item.verdict}[/]{more}",
        )
    return table


def _needed(item: Comparison) -> str:
    unit = "pairs" if item.procedure.startswith("exact") else "scenes"
    return f"{item.needed or 'unknown how many'} more {unit}"


def _method_table(claims: Sequence[MethodClaim]) -> Table:
    table = Table(title="methods, over training seeds and scenes", title_justify="left", title_style="bold")
    for name in ("first, second", "seeds", "difference", "p", "variance: seed, scene, rest"):
        table.add_column(name)
    for item in claims:
        interval = item.difference.interval
        shares = "\n".join(
            f"{name}: {share.training_seed:.0%}, {share.scene:.0%}, {share.rest:.0%}"
            for name, share in zip((item.first, item.second), item.shares, strict=True)
        )
        table.add_row(
            f"{item.first}, {item.second}", f"{item.seeds[0]}, {item.seeds[1]}",
            f"{interval.estimate:+.3f} ({interval.low:+.2f} to {interval.high:+.2f})", f"{item.difference.p_value:.2g}",
            shares,
        )  # fmt: skip
    return table


def _document(found: _Found) -> dict[str, Any]:
    return {
        "rules": vars(found.rules),
        "invalid": list(found.invalid),
        "standings": [
            {**vars(item), "success": vars(item.success), "rank": vars(item.rank)} for item in found.standings
        ],
        "pairs": [_comparison(item) for item in found.pairs],
        "methods": [
            {
                **vars(item),
                "scope": str(item.scope),
                "difference": {**vars(item.difference), "interval": vars(item.difference.interval)},
                "shares": [vars(share) for share in item.shares],
            }
            for item in found.methods
        ],
        "changes": [_comparison(item) for item in found.changes],
        "flips": [{**vars(item), "path": str(item.path), "world": vars(item.world)} for item in found.flips],
    }


def _comparison(item: Comparison) -> dict[str, Any]:
    return {**vars(item), "scope": vars(item.scope), "table": vars(item.table), "interval": vars(item.interval)}
