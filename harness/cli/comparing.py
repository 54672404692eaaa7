"""The verb `compare`: which policy is best, how sure, and what broke since the baseline."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.artifact.reader import open_artifact
from harness.cli.screen import console
from harness.errors import ArtifactError, SamepanelError
from harness.reports.comparison import Comparison, Rules
from harness.reports.findings import Findings, Question, Since, investigate
from harness.reports.headline import best, broke, caveats, family, needed, warnings
from harness.reports.markdown import comparison_markdown, share_text
from harness.reports.methods import MethodClaim

__all__ = ["Options", "compare_artifacts"]

SHOWN = 10
"""Flipped episodes and insignificant changes printed; JSON and Markdown have all."""
COLOURS = {"better": "green", "worse": "red", "equivalent": "cyan", "inconclusive": "dim"}


@dataclass(frozen=True)
class Options:
    """What the command line says, beside the artifacts."""

    question: Question = field(default_factory=Question)
    baseline: Path | None = None
    as_json: bool = False
    as_markdown: bool = False
    gate: bool = False


def compare_artifacts(paths: Sequence[Path], options: Options) -> bool:
    """Compare, print, and return whether the gate is open: nobody asked, or nothing got significantly worse.

    Raises:
        SamepanelError: the options contradict each other, or the gate cannot judge.
    """
    if options.as_json and options.as_markdown:
        raise SamepanelError("options --json and --markdown", expected="one of them", got="both")
    if options.gate and options.baseline is None:
        raise SamepanelError("option --gate", expected="a baseline to be worse than", got="none", fix="add --baseline")
    baseline = None if options.baseline is None else open_artifact(options.baseline)
    found = investigate([open_artifact(path) for path in paths], baseline, options.question)
    if options.as_json:
        sys.stdout.write(json.dumps(_document(found), indent=2, allow_nan=False) + "\n")
    elif options.as_markdown:
        sys.stdout.write(comparison_markdown(found))
    else:
        _print(found, console)
    return not options.gate or found.since is None or _passes(found, found.since)


def _passes(found: Findings, since: Since) -> bool:
    """A gate that could not look must not open."""
    if found.invalid:
        raise ArtifactError(
            ", ".join(str(source.path) for source in found.invalid),
            expected="controls in their bands, for the gate to judge",
            got="an invalid run",
        )
    if not since.regressions and (blind := [item for item in since.unjudged if not item.scope.task]):
        raise ArtifactError(
            f"{blind[0].first} and {blind[0].second}, {blind[0].scope}",
            expected="scored episodes, for the gate to judge",
            got=f"{blind[0].unscored} worlds with an error, {blind[0].missing} met by one only",
        )
    return not since.regressions


def _document(found: Findings) -> dict[str, object]:
    said = {"best": best(found), "broke": broke(found.since), "warnings": warnings(found), "caveats": caveats(found)}
    return {"headline": said, **found.document()}


def _print(found: Findings, to: Console) -> None:
    for line in warnings(found):
        to.print(f"[bold red]{escape(line)}[/]", highlight=False)
    to.print(f"[bold]{escape(best(found))}[/]", highlight=False)
    colour = "bold red" if found.since and found.since.regressions else "bold"
    to.print(f"[{colour}]{escape(broke(found.since))}[/]", highlight=False)
    to.print(_standing_table(found))
    for line in caveats(found):
        to.print(f"[yellow]![/] {escape(line)}", highlight=False)
    if found.since is not None:
        _print_changes(found.since, found.question.rules, to)
    if found.methods:
        to.print(_method_table(found.methods))
        to.print(f"[dim]{family(found.methods, found.question.rules.alpha)}[/]", highlight=False)
    _print_couples(found.overall, found.question.rules, to)
    _print_couples(found.parts, found.question.rules, to)


def _standing_table(found: Findings) -> Table:
    table = _table("standings overall; a shared letter: not told apart")
    interval = "interval" if found.question.rules.alpha != 0.05 else "95 %"
    for name in ("rank", "policy", "success", interval, "ties", "episodes"):
        table.add_column(name, justify="right" if name in ("success", "episodes") else "left")
    for item in found.standings:
        rank = f"{item.rank.best}" if item.rank.best == item.rank.worst else f"{item.rank.best}-{item.rank.worst}"
        errors = f" [red]+{item.errors} errors[/]" if item.errors else ""
        success = ("unscored", "")
        if item.success is not None:
            success = (f"{item.success.estimate:.3f}", f"{item.success.low:.2f}-{item.success.high:.2f}")
        table.add_row(rank, escape(item.name), *success, item.letters, f"{item.scored}{errors}")
    return table


def _print_changes(since: Since, rules: Rules, to: Console) -> None:
    if since.changes:
        table = _couple_table(f"changes since {since.baseline.name}, now minus before, the worst first", "policy, part")
        shown = [
            item for number, item in enumerate(since.changes) if number < SHOWN or item.verdict in ("worse", "better")
        ]
        for item in shown:
            table.add_row(f"{escape(item.first)}\n[dim]{escape(str(item.scope))}[/]", *_couple(item))
        to.print(table)
        rest = len(since.changes) - len(shown)
        more = f"; {rest} more that are not significant: --json, --markdown" if rest else ""
        to.print(f"[dim]{_family(since.changes, rules)}{more}[/]", highlight=False)
    lost = [item for item in since.flips if not item.now]
    gained = len(since.flips) - len(lost)
    to.print(f"{len(lost)} episodes fail that succeeded, {gained} succeed that failed", highlight=False)
    for flip in lost[:SHOWN]:
        to.print(f"  [dim]{escape(f'{flip.label}, {flip.world}')}[/]", highlight=False, soft_wrap=True)
        to.print(f"  {escape(flip.command)}", highlight=False, soft_wrap=True)
    if len(lost) > SHOWN:
        to.print(f"  [dim]and {len(lost) - SHOWN} more: --json, --markdown[/]", highlight=False)


def _print_couples(items: Sequence[Comparison], rules: Rules, to: Console) -> None:
    """A table a part of the panel, and one sentence about the family."""
    for scope in dict.fromkeys(item.scope for item in items):
        table = _couple_table(str(scope), "first, second")
        for item in items:
            if item.scope == scope:
                table.add_row(f"{escape(item.first)}\n{escape(item.second)}", *_couple(item))
        to.print(table)
    if items:
        to.print(f"[dim]{_family(items, rules)}[/]", highlight=False)


def _family(items: Sequence[Comparison], rules: Rules) -> str:
    tests = " and ".join(sorted({item.procedure for item in items}))
    return f"{tests}; {family(items, rules.alpha)}, margin {rules.margin:g}"


def _couple_table(title: str, first: str) -> Table:
    table = _table(title)
    table.add_column(first)
    for name in ("n11 n10 n01 n00\ncorrelation", "difference\ninterval", "p\nadjusted"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    return table


def _couple(item: Comparison) -> tuple[str, str, str, str]:
    counts = f"{item.table.n11} {item.table.n10} {item.table.n01} {item.table.n00}"
    phi = "none" if item.table.phi != item.table.phi else f"{item.table.phi:.2f}"
    out = f"\n[red]{item.missing} missing, {item.unscored} errors[/]" if item.missing + item.unscored else ""
    more = f"\n[dim]{needed(item, brief=True)}[/]" if item.verdict == "inconclusive" else ""
    return (
        f"{counts}\n[dim]{phi}[/]{out}",
        f"{item.interval.estimate:+.3f}\n[dim]{item.interval.low:+.2f} to {item.interval.high:+.2f}[/]",
        f"{item.p:.2g}\n{item.p_adjusted:.2g}",
        f"[{COLOURS[item.verdict]}]{item.verdict}[/]{more}",
    )


def _method_table(claims: Sequence[MethodClaim]) -> Table:
    table = _table("methods, over training seeds and scenes")
    for name in ("first, second\npart", "seeds", "difference", "p\nadjusted", "verdict", "variance"):
        table.add_column(name)
    for item in claims:
        interval = item.difference.interval
        table.add_row(
            f"{escape(item.first)}, {escape(item.second)}\n[dim]{escape(str(item.scope))}[/]",
            f"{item.seeds[0]}, {item.seeds[1]}",
            f"{interval.estimate:+.3f}\n[dim]{interval.low:+.2f} to {interval.high:+.2f}[/]",
            f"{item.difference.p_value:.2g}\n{item.p_adjusted:.2g}",
            f"[{COLOURS[item.verdict]}]{item.verdict}[/]",
            "\n".join(map(share_text, item.shares)),
        )
    return table


def _table(title: str) -> Table:
    return Table(title=escape(title), title_justify="left", title_style="bold")
