"""Numbers and names as a page writes them, and the templates' environment: everything from an artifact is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.hashing import content_hash
from harness.reports.headline import needed
from harness.reports.leaderboard.cards import Card
from harness.reports.leaderboard.failures import TallyRow
from harness.reports.leaderboard.gathering import Actor
from harness.reports.tolerance import halving_text, interval_text
from harness.statistics.intervals import Interval
from harness.statistics.multiplicity import RankInterval

__all__ = ["card_path", "environment", "file_name"]

HERE = Path(__file__).parent
_MINUS = "\N{MINUS SIGN}"


def environment() -> Environment:
    """Templates with the filters of this module; an unknown name in a template is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=lambda name: name is None or ".md" not in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= FILTERS
    return made


def file_name(text: str) -> str:
    """A name that is safe as a file and in an address; different names stay different."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", "-", text).lstrip(".-")[:80]
    return safe if safe == text else f"{safe}-{content_hash(text)[:8]}"


def card_path(actor: Actor) -> str:
    """Where the card of a policy is."""
    return f"policies/{file_name(actor.name)}.html"


def _rate(value: float, places: int = 2) -> str:
    return f"{value:.{places}f}"


def _between(interval: Interval) -> str:
    return f"{interval.low:.2f}\N{EN DASH}{interval.high:.2f}"


def _signed(value: float, places: int = 2) -> str:
    text = f"{value:+.{places}f}".replace("-", _MINUS)
    return text if text.strip(f"+{_MINUS}0.") else text[1:]  # nothing is neither more nor less


def _between_signed(interval: Interval) -> str:
    return f"{_signed(interval.low)} to {_signed(interval.high)}"


def _number(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:,.{places}f}".replace("-", _MINUS)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _ranks(rank: RankInterval) -> str:
    return str(rank.best) if rank.best == rank.worst else f"{rank.best}\N{EN DASH}{rank.worst}"


def _counted(row: TallyRow) -> list[tuple[int, float]]:
    return list(zip(row.counts, row.shares, strict=True))


def _fact(card: Card, name: str) -> str:
    return dict(card.facts).get(name, "")


def _bounds(field: dict[str, Any]) -> str:
    pairs = list(dict.fromkeys(zip(field["low"], field["high"], strict=True)))
    told = [f"{low:.4g} to {high:.4g}".replace("-", _MINUS) for low, high in pairs[:3]]
    return ", ".join(told) + (", ..." if len(pairs) > len(told) else "")


def _markdown(text: object) -> str:
    """So that a name is a name: no markup of Markdown or HTML survives."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", str(text)).replace("\n", " ")


def _soft(text: str) -> Markup:
    """May be broken after a point, a slash or an underscore."""
    return Markup(re.sub(r"([./_])", r"\1<wbr>", str(escape(text))))


FILTERS: dict[str, Callable[..., Any]] = {
    "rate": _rate,
    "between": _between,
    "signed": _signed,
    "between_signed": _between_signed,
    "number": _number,
    "percent": _percent,
    "ranks": _ranks,
    "counted": _counted,
    "fact": _fact,
    "bounds": _bounds,
    "md": _markdown,
    "soft": _soft,
    "halving": halving_text,
    "halving_interval": interval_text,
    "small": lambda value: f"{value:.2g}",
    "thousands": lambda value: f"{value:,}",
    "needed": lambda item: needed(item),
    "card_path": card_path,
}
