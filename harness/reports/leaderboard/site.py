"""A leaderboard as files: front page, a card a policy, a page an episode, the panel, style and script."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment

from harness import __version__
from harness.artifact.reader import Artifact
from harness.reports.comparison import Rules
from harness.reports.leaderboard.cards import Card, cards
from harness.reports.leaderboard.cells import rate_of
from harness.reports.leaderboard.choosing import Choice, choose
from harness.reports.leaderboard.front import PageOf, front, level, ordered
from harness.reports.leaderboard.gathering import Actor, Field, gather
from harness.reports.leaderboard.panel import panel_page
from harness.reports.leaderboard.parts import parts
from harness.reports.leaderboard.ranking import Ranking, rank
from harness.reports.leaderboard.svg import Axis, axis_of, path
from harness.reports.leaderboard.timing import fault_recoveries, measure
from harness.reports.leaderboard.tracing import trace_plots
from harness.reports.leaderboard.wording import HERE, card_path, environment, file_name
from harness.reports.tokens import CodesOver, codes_over
from harness.reports.tolerance import tolerances

__all__ = ["Site", "Wish", "site"]


@dataclass(frozen=True)
class Wish:
    """What a site shall hold.

    Attributes:
        name: of the front page; of the manifest if empty.
        episodes: pages of failed episodes a policy and task, at most.
        rules: margin, level and seed.
    """

    name: str = ""
    episodes: int = 12
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, eq=False)
class Site:
    """A site before it is written: its files are made one after the other."""

    evaluated: Field
    ranking: Ranking
    wish: Wish
    choices: Sequence[Choice]
    pages: Sequence[PageOf]
    templates: Environment

    @property
    def about(self) -> dict[str, object]:
        """What it says of itself in `site.json`."""
        found = self.ranking.found
        read = [*found.sources, *([found.since.baseline] if found.since else [])]
        return {
            "samepanel": __version__,
            "name": self._shared["name"],
            "panel_id": found.sources[0].panel_id,
            "artifacts": [{"name": source.name, "digest": source.digest} for source in read],
        }

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Name and contents of every file, in a fixed order."""
        order, measures, rules = ordered(self.evaluated, self.ranking), measure(self.evaluated), self.wish.rules
        seen = self._front()
        seen["recoveries"] = fault_recoveries(self.evaluated, measures, order, rules)
        seen["halvings"] = tolerances(self.evaluated, self._with_expert(order), rules)
        rows = parts(self.templates, self.evaluated, self.ranking, order, measures, rules)
        seen["first"] = {name: _Safe(table["|"]) for name, table in rows.items()}
        yield "index.html", self._render("index.html.j2", seen)
        yield "front.md", self._render("front.md.j2", seen)
        yield "tables.js", f"window.samepanelTables = {json.dumps(rows, sort_keys=True)};\n".encode()
        yield "panel.html", self._render("panel.html.j2", panel_page(self.evaluated.artifacts[0]))
        for name in ("style.css", "site.js"):
            yield name, (HERE / "static" / name).read_bytes()
        for actor in self.evaluated.policies:
            yield card_path(actor), self._render("policy.html.j2", self._card(actor), "../")
        yield from self._episodes()

    @property
    def _shared(self) -> dict[str, Any]:
        manifest = self.evaluated.artifacts[0].metadata["manifest"]
        return {
            "name": self.wish.name or str(manifest["name"]),
            "panel_id": manifest["panel_id"],
            "sources": self.ranking.found.sources,
            "version": __version__,
        }

    def _render(self, template: str, seen: Mapping[str, Any], root: str = "") -> bytes:
        context = {"heading": self._shared["name"], "invalid": [], **self._shared, **seen, "root": root}
        return self.templates.get_template(template).render(context).encode()

    def _front(self) -> dict[str, Any]:
        told = front(self.evaluated, self.ranking, self.wish.rules, self.choices, self.pages)
        return told | {
            "most": self.wish.episodes,
            "commands": self._commands(),
            "provenance": [
                (name, _provenance(artifact))
                for name, artifact in zip(self.evaluated.files, self.evaluated.artifacts, strict=True)
            ],
        }

    @cached_property
    def _codes(self) -> list[list[CodesOver]]:
        """Of each artifact, where any of its policies chooses codes."""
        return [
            codes_over(artifact)
            if any(card.get("rollout_codes") for card in artifact.metadata["policies"].values())
            else []
            for artifact in self.evaluated.artifacts
        ]

    def _with_expert(self, order: Sequence[Actor]) -> list[Actor]:
        return [*order, *self.evaluated.experts]

    def _commands(self) -> list[str]:
        """What makes the page again, and what checks the files it was made from."""
        found, rules = self.ranking.found, self.wish.rules
        files = [source.path.name for source in found.sources]
        words = ["samepanel", "leaderboard", *files]
        words += ["--baseline", found.since.baseline.path.name] if found.since else []
        words += ["--name", self.wish.name] if self.wish.name else []
        asked = {"episodes": (self.wish.episodes, Wish.episodes), "margin": (rules.margin, Rules.margin)}
        asked |= {"alpha": (rules.alpha, Rules.alpha), "seed": (rules.seed, Rules.seed)}
        for name, (value, default) in asked.items():
            words += [f"--{name}", f"{value:g}"] if value != default else []
        return [shlex.join([*words, "--out", "site"]), *(shlex.join(["samepanel", "audit", name]) for name in files)]

    def _card(self, actor: Actor) -> dict[str, Any]:
        evaluated, items = self.evaluated, cards(self.evaluated, actor)
        tasks = evaluated.artifacts[actor.artifact].metadata["manifest"]["panel"]["tasks"].values()
        success = [
            (task, [rate_of(evaluated, self.ranking, actor, task, name) for name in evaluated.conditions])
            for task in evaluated.tasks
        ]
        return {
            "heading": actor.name,
            "actor": actor,
            "file": evaluated.files[actor.artifact],
            "level": level(self.wish.rules),
            "conditions": evaluated.conditions,
            "success": [row for row in success if any(rate.scored + rate.errors for rate in row[1])],
            "items": items,
            "curves": [_curve(card) for card in items],
            "budgets": {task["contract"]["id"]: f"{1000 * task['contract']['timing_budget_s']:g}" for task in tasks},
            "codes": [codes for codes in self._codes[actor.artifact] if codes.policy == actor.label],
            "pages": [page for page in self.pages if page.actor == actor],
        }

    def _episodes(self) -> Iterator[tuple[str, bytes]]:
        for index, artifact in enumerate(self.evaluated.artifacts):
            own = [page for page in self.pages if page.actor.artifact == index]
            rows = artifact.rows({page.episode for page in own}) if own else {}
            wanted = {name for row in rows.values() if row["verdict"] for name in row["verdict"]["probes"]}
            probes = artifact.rows(wanted) if wanted else {}
            for page in own:
                yield from self._episode(artifact, page, rows[page.episode], probes)

    def _episode(
        self, artifact: Artifact, page: PageOf, row: Mapping[str, Any], probes: Mapping[str, Any]
    ) -> Iterator[tuple[str, bytes]]:
        task = artifact.metadata["manifest"]["panel"]["tasks"][f"{row['task']}/{row['split']}"]
        video = f"media/{Path(page.file).stem}.mp4" if row["media"] else ""
        seen = {
            "heading": f"{page.actor.name} on {row['task']}, {row['condition']}, scene {row['scene']}",
            "actor": page.actor,
            "row": row,
            "file": artifact.path.name,
            "drawing": trace_plots(row, task["contract"]),
            "probes": [probes[name] for name in (row["verdict"] or {"probes": []})["probes"] if name in probes],
            "video": video,
        }
        yield f"episodes/{page.file}", self._render("episode.html.j2", seen, "../")
        if video:
            yield video, row["media"]


class _Safe(str):
    """Rows that a template already made and escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def site(artifacts: Sequence[Artifact], baseline: Artifact | None, wish: Wish) -> Site:
    """Read artifacts of one panel and find out all that needs statistics.

    Raises:
        PanelMismatchError: they are not of one panel.
        ArtifactError: a file is damaged or holds no episode.
        UnknownIdError: the baseline has none of the policies.
    """
    evaluated = gather(artifacts)
    ranking = rank(evaluated, artifacts, baseline, wish.rules)
    since = ranking.found.since
    broken = {flip.episode for flip in since.flips if not flip.now} if since else set()
    choices = choose(evaluated, wish.episodes, broken)
    pages = [_page(evaluated, choice, row) for choice in choices for row in choice.rows]
    return Site(evaluated, ranking, wish, choices, pages, environment())


def _page(evaluated: Field, choice: Choice, row: int) -> PageOf:
    def told(name: str) -> Any:
        return evaluated.table[name][row].as_py()

    episode = str(told("episode"))
    world = evaluated.worlds[int(evaluated.world[row])]
    stem = f"{evaluated.files[choice.actor.artifact]}-{episode}" if len(evaluated.files) > 1 else episode
    return PageOf(
        row=row,
        episode=episode,
        file=f"{file_name(stem)}.html",
        actor=choice.actor,
        task=choice.task,
        condition=world.condition,
        scene=world.scene,
        label=str(told("failure_category")),
        cause=told("cause"),
    )


def _curve(card: Card) -> dict[str, Any] | None:
    """Loss, logarithmic, over steps; None where there is none to draw."""
    points = [(step, loss) for step, loss in card.curve if loss > 0]
    if len(points) < 2:
        return None
    steps, losses = np.array(points).T
    across, up = Axis(0.0, float(steps.max()), 52, 424), axis_of(np.log10(losses), 148, 8)
    powers = [power for power in range(-9, 10) if up.low <= power <= up.high]
    ticks = [(up(power), f"{10.0**power:g}") for power in powers]
    if len(ticks) < 2:
        ticks = [(up(float(np.log10(value))), f"{value:.2g}") for value in (losses.min(), losses.max())]
    return {"d": path(across, up, steps, np.log10(losses)), "up": ticks, "across": across.ticks(5)}


def _provenance(artifact: Artifact) -> list[tuple[str, str]]:
    """What the file says of how it was made. Nothing of the machine's folders."""
    known = artifact.metadata.get("provenance", {})
    packages = ", ".join(f"{name} {version}" for name, version in sorted(known.get("packages", {}).items()))
    facts = {
        "digest": artifact.metadata["digest"],
        "panel": artifact.metadata["manifest"]["panel_id"],
        "schema": artifact.metadata["schema_version"],
        **{name: known.get(name) for name in ("samepanel", "commit", "python", "processor", "platform", "finished")},
        "packages": packages,
    }
    return [(name, str(value)) for name, value in facts.items() if value]
