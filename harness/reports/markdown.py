"""A comparison as Markdown, to be pasted into an issue or a wiki."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.reports.comparison import Comparison, Rules
from harness.reports.findings import Findings, Since, Source
from harness.reports.headline import best, broke, caveats, family, needed, warnings
from harness.reports.methods import MethodClaim
from harness.reports.standing import Standing
from harness.statistics.hierarchy import VarianceShares
from harness.statistics.intervals import Interval

__all__ = ["comparison_markdown", "share_text"]

_PAIRS = ("part", "first", "second", "n11", "n10", "n01", "n00", "phi", "difference", "p", "adjusted", "verdict")


def comparison_markdown(found: Findings) -> str:
    """All of it; the same findings give the same bytes."""
    rules = found.question.rules
    blocks = [
        "# Comparison",
        _bullets(_plain(line) for line in (*warnings(found), best(found), broke(found.since))),
        "## Standings",
        _table(("rank", "policy", "success", "ties", "episodes", "errors"), map(_standing, found.standings)),
    ]
    if found.since is not None:
        blocks += _changes(found.since, rules)
    blocks += _couples("Couples, overall", found.overall, rules)
    blocks += _couples(f"Couples by {found.question.by}", found.parts, rules)
    if found.methods:
        header = ("part", "first", "second", "seeds", "difference", "p", "adjusted", "verdict", "variance")
        blocks += ["## Methods, over training seeds and scenes", _table(header, map(_method, found.methods))]
        blocks += [family(found.methods, rules.alpha) + "."]
    notes = [_plain(line) for line in caveats(found)]
    blocks += ["## What this does not say", _bullets(notes)] if notes else []
    blocks += ["## Read from", _bullets(_source(source, "") for source in found.sources)]
    if found.since is not None:
        blocks.append(_bullets([_source(found.since.baseline, "baseline ")]))
    return "\n\n".join(blocks) + "\n"


def share_text(shares: VarianceShares) -> str:
    """Where the variance comes from, in words."""
    if shares.scene != shares.scene:
        return "nothing varies"
    noise = "" if shares.policy_noise is None else f", policy noise {shares.policy_noise:.0%}"
    return f"training seed {shares.training_seed:.0%}, scene {shares.scene:.0%}{noise}, rest {shares.rest:.0%}"


def _changes(since: Since, rules: Rules) -> list[str]:
    lost = [flip for flip in since.flips if not flip.now]
    blocks = _couples(f"Changes since {since.baseline.name}, the worst first", since.changes, rules)
    blocks.append(f"{len(lost)} episodes fail that succeeded, {len(since.flips) - len(lost)} succeed that failed.")
    if since.flips:
        header = ("policy", "task", "condition", "scene", "replicate", "was", "now", "act it out again")
        rows = (
            (
                flip.label, f"{flip.world.task}/{flip.world.split}", flip.world.condition, str(flip.world.scene),
                str(flip.world.replicate), _outcome(flip.was), _outcome(flip.now), f"`{flip.command}`",
            )
            for flip in since.flips
        )  # fmt: skip
        blocks += ["### Episodes that flipped", _table(header, rows)]
    return blocks


def _couples(title: str, items: Sequence[Comparison], rules: Rules) -> list[str]:
    if not items:
        return []
    said = f"{family(items, rules.alpha)}, margin {rules.margin:g}."
    return [f"## {_plain(title)}", _table(_PAIRS, map(_couple, items)), said]


def _couple(item: Comparison) -> tuple[str, ...]:
    table = item.table
    phi = "" if table.phi != table.phi else f"{table.phi:.2f}"
    out = f"; {item.missing} missing, {item.unscored} errors" if item.missing + item.unscored else ""
    more = f", {needed(item)}" if item.verdict == "inconclusive" else ""
    return (
        str(item.scope), item.first, item.second, *map(str, (table.n11, table.n10, table.n01, table.n00)), phi,
        _interval(item.interval), f"{item.p:.2g}", f"{item.p_adjusted:.2g}", f"{item.verdict}{more}{out}",
    )  # fmt: skip


def _method(item: MethodClaim) -> tuple[str, ...]:
    shares = "; ".join(
        f"{name}: {share_text(share)}" for name, share in zip((item.first, item.second), item.shares, strict=True)
    )
    return (
        str(item.scope), item.first, item.second, f"{item.seeds[0]}, {item.seeds[1]}",
        _interval(item.difference.interval), f"{item.difference.p_value:.2g}", f"{item.p_adjusted:.2g}", item.verdict,
        shares,
    )  # fmt: skip


def _standing(item: Standing) -> tuple[str, ...]:
    rank = str(item.rank.best) if item.rank.best == item.rank.worst else f"{item.rank.best}-{item.rank.worst}"
    success = "unscored"
    if item.success is not None:
        success = f"{item.success.estimate:.3f} ({item.success.low:.2f} to {item.success.high:.2f})"
    return rank, item.name, success, item.letters, str(item.scored), str(item.errors)


def _source(source: Source, role: str) -> str:
    valid = {True: "valid", False: "**invalid**", None: "validity unknown"}[source.valid]
    return f"{role}{_plain(source.name)}: `{source.path}`, digest `{source.digest}`, {valid}"


def _interval(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} ({interval.low:+.2f} to {interval.high:+.2f})"


def _outcome(success: bool) -> str:
    return "success" if success else "failure"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _plain(text: str) -> str:
    """A name with a bar in it would end its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
