"""The verbs. Each one parses its arguments and calls the part of the harness that does the work."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness import __version__
from harness.cli import listing
from harness.cli.screen import console, cores

__all__ = ["app"]

app = typer.Typer(
    help="One task panel for every robot-learning policy, one parquet file of evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

ManifestArgument = Annotated[
    str, typer.Argument(help="A manifest file, or the name of a bundled one: smoke, quick, weekly.")
]
ArtifactArgument = Annotated[Path, typer.Argument(help="An artifact written by `samepanel run`.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads; all cores if left out. Never changes a result.")]
Lanes = Annotated[int | None, typer.Option(min=1, help="Episodes side by side. Never changes a result.")]


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"samepanel {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command()
def run(
    manifest: ManifestArgument,
    out: Annotated[Path | None, typer.Option(help="The artifact; results/NAME.parquet if left out.")] = None,
    lanes: Lanes = None,
    threads: Threads = None,
    overwrite: Annotated[
        bool, typer.Option(help="Replace the artifact, and drop an unfinished run, if there is one.")
    ] = False,
) -> None:
    """Train what is missing, roll out what is missing, write one artifact and print its summary."""
    from harness.cli.running import run_manifest  # noqa: PLC0415 -- only this verb needs the executors

    run_manifest(manifest, out, lanes, threads, overwrite=overwrite, command=tuple(sys.argv))


@app.command()
def validate(
    manifest: ManifestArgument,
    cost: Annotated[
        bool, typer.Option("--cost", help="Try a part of it, which takes minutes; forecast time, memory and disk.")
    ] = False,
    lanes: Lanes = None,
    threads: Threads = None,
) -> None:
    """Check a manifest, its conditions, policies and data sets; nothing is trained and nothing is kept."""
    from harness.cli.running import validate_manifest  # noqa: PLC0415 -- see run

    validate_manifest(manifest)
    if cost:
        from harness.cli.costing import print_forecast  # noqa: PLC0415 -- see run

        print_forecast(manifest, lanes, threads)


@app.command()
def train(manifest: ManifestArgument, threads: Threads = None) -> None:
    """Train the checkpoints of a manifest that are not cached yet."""
    from harness.cli.running import train_manifest  # noqa: PLC0415 -- see run

    train_manifest(manifest, threads or cores())


@app.command()
def demos(
    task: Annotated[str, typer.Argument(help="Id of a task, e.g. pusht-v1.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the data set goes; the task's own folder if left out.")
    ] = None,
    lanes: Lanes = None,
    threads: Threads = None,
) -> None:
    """Record a task's demonstrations again with its scripted expert."""
    from harness.cli.running import record_demonstrations  # noqa: PLC0415 -- see run

    record_demonstrations(task, out, lanes or 64, threads or cores())


@app.command("list")
def list_(
    what: Annotated[listing.Kind, typer.Argument(help="What to list.")],
    name: Annotated[str | None, typer.Argument(help="Only this one; of a fault, all that is known.")] = None,
    long: Annotated[bool, typer.Option("--long", help="All that is known of every fault.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List tasks, policies, faults or conditions."""
    listing.show(what, only=name, long=long, as_json=json_)


@app.command()
def show(
    artifact: ArtifactArgument,
    recovery: Annotated[bool, typer.Option("--recovery", help="After faults in a window: resumed, how soon?")] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Virtual latency and ages; measured latency apart.")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="Codes over time, and codes that go with failure.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="For machines: the summary and all sections.")] = False,
) -> None:
    """Success with intervals by method, task and condition; failure categories; validity of the controls.

    With an option, that section instead.
    """
    from harness.cli.showing import print_sections, sections_json  # noqa: PLC0415 -- pulls in pyarrow and scipy
    from harness.cli.tables import print_summary, summary_json  # noqa: PLC0415 -- see above

    asked = [name for name, wanted in (("recovery", recovery), ("timing", timing), ("tokens", tokens)) if wanted]
    if json_:
        document = summary_json(artifact)
        document |= sections_json(artifact) if document["episodes"] else {}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif asked:
        print_sections(artifact, asked)
    else:
        print_summary(artifact)
        print_sections(artifact, ["latency_tolerance"])


@app.command()
def render(
    artifact: ArtifactArgument,
    episode: Annotated[str, typer.Argument(help="Id of an episode, or the beginning of one.")],
    out: Annotated[Path | None, typer.Option(help="The mp4; EPISODE.mp4 beside the artifact if left out.")] = None,
    camera: Annotated[str | None, typer.Option(help="Camera of the task; its first if left out.")] = None,
) -> None:
    """Simulate one episode again and write an mp4 and a contact sheet."""
    from harness.cli.rendering import render_episode  # noqa: PLC0415 -- pulls in the simulator and codecs

    render_episode(artifact, episode, out, camera)


@app.command()
def replay(
    artifact: ArtifactArgument,
    episode: Annotated[str, typer.Argument(help="Id of an episode, or the beginning of one.")],
    without: Annotated[
        list[str] | None, typer.Option(help="Take this fault away (as in the column `faults`), or `all`. Repeatable.")
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="Add the faults of this condition, or one fault in YAML. Repeatable."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Another policy or control of the artifact acts.")] = None,
    out: Annotated[Path | None, typer.Option(help="The mp4; beside the artifact if left out.")] = None,
    camera: Annotated[str | None, typer.Option(help="Camera of the task; its first if left out.")] = None,
    threads: Threads = None,
) -> None:
    """Act out one episode again, with one thing changed if you like, and write an mp4 and a contact sheet.

    Exit code 1 if nothing was changed and it still differs from the recording.
    """
    from harness.cli.rendering import replay_episode  # noqa: PLC0415 -- see render
    from harness.executors.variation import Change  # noqa: PLC0415 -- see run

    change = Change(tuple(without or ()), tuple(with_ or ()), policy)
    if not replay_episode(artifact, episode, change, out, camera, threads or cores()):
        raise typer.Exit(1)


@app.command()
def audit(
    artifact: ArtifactArgument,
    sample: Annotated[str, typer.Option(help="Share of the episodes that are acted out again.")] = "5 %",
    episode: Annotated[list[str] | None, typer.Option(help="Act out this episode instead. Repeatable.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Act out every episode.")] = False,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    lanes: Lanes = None,
    threads: Threads = None,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check an artifact against itself, act out a sample of its episodes again, and compare bit for bit.

    Exit code 0: reproduced. 1: not reproduced. 2: it cannot be audited here, and why.
    """
    from harness.cli.auditing import audit_artifact, chosen_sample  # noqa: PLC0415 -- see run

    chosen = chosen_sample("100 %" if all_ else sample, seed, episode or ())
    if not audit_artifact(artifact, chosen, threads or cores(), lanes, as_json=json_):
        raise typer.Exit(1)


@app.command()
def explain(
    artifact: ArtifactArgument,
    episode: Annotated[str | None, typer.Option(help="Tell the story of this episode and draw its figure.")] = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, help="Failures to explain; as the manifest says if left out.")
    ] = None,
    replicates: Annotated[int | None, typer.Option(min=1, help="Redraws of the policy noise; see above.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw of failures.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The figure, with --episode; beside the artifact if left out.")
    ] = None,
    threads: Threads = None,
) -> None:
    """Find out why episodes failed by acting them out again with one thing changed at a time.

    The probes become rows of the artifact, and the verdicts its columns `cause`, `verdict` and `point_of_no_return`.
    """
    from harness.cli.explaining import explain_artifact, explain_episode  # noqa: PLC0415 -- see run

    if episode is not None:
        explain_episode(artifact, episode, out, replicates, threads or cores())
    else:
        explain_artifact(artifact, episodes, replicates, seed, threads or cores())


@app.command()
def supervise(
    artifact: ArtifactArgument,
    condition: Annotated[str, typer.Option(help="Whose episodes are supervised.")] = "nominal",
    episodes: Annotated[int, typer.Option(min=1, help="Of each policy and task, a seeded draw.")] = 10,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="signal:low:high, an empty end is open; the expert's own range if left out. Repeatable."),
    ] = None,
    safe_steps: Annotated[int, typer.Option(min=1, help="Steps inside after which the expert hands back.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    threads: Threads = None,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Act episodes out again with the expert taking over wherever they leave the safety envelope.

    The supervised episodes become probe rows of the artifact, with their interventions; no rate counts them.
    """
    from harness.cli.supervising import Wanted, supervise_artifact  # noqa: PLC0415 -- see run

    wanted = Wanted(condition, episodes, tuple(limit or ()), safe_steps, seed, threads or cores(), json_)
    supervise_artifact(artifact, wanted)


@app.command()
def label(
    artifact: ArtifactArgument,
    write: Annotated[bool, typer.Option("--write", help="Store the new labels in the file.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Label the failures again by the rules of this version, and tell what changes. Needs no simulator."""
    from harness.cli.labelling import label_artifact  # noqa: PLC0415 -- see run

    label_artifact(artifact, write=write, as_json=json_)


@app.command()
def calibrate(
    manifest: ManifestArgument = "calibration",
    out: Annotated[Path | None, typer.Option(help="The artifact; results/NAME.parquet if left out.")] = None,
    lanes: Lanes = None,
    threads: Threads = None,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Score labels and causes on episodes that were made to fail, so that it is known why.

    Runs the manifest, explains a draw of the failures whose category is known, and draws the confusion matrices.
    """
    from harness.cli.calibrating import calibrate_instrument  # noqa: PLC0415 -- see run

    calibrate_instrument(manifest, out, lanes, threads or cores(), as_json=json_, command=tuple(sys.argv))


@app.command()
def compare(
    artifacts: Annotated[list[Path], typer.Argument(help="Artifacts of one panel.")],
    policy: Annotated[
        list[str] | None, typer.Option(help="Compare only these, policies or controls. Repeatable.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="An earlier artifact of the panel: what changed?")] = None,
    by: Annotated[str, typer.Option(help="overall, task, condition or cell; overall is always told.")] = "task",
    margin: Annotated[float, typer.Option(min=0, max=1, help="Smallest difference of success that matters.")] = 0.05,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Level of a family of tests.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the resampling.")] = 0,
    controls: Annotated[bool, typer.Option("--controls", help="Controls take part.")] = False,
    gate: Annotated[bool, typer.Option("--gate", help="Exit code 1 on a significant regression.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="For an issue or a wiki.")] = False,
) -> None:
    """Which policy is best, how sure, and what broke since the baseline.

    With `--gate`, exit code 0: nothing got significantly worse; 1: something did; 2: the gate cannot judge, and why.
    """
    from harness.cli.comparing import Options, compare_artifacts  # noqa: PLC0415 -- pulls in scipy
    from harness.reports.comparison import Rules, by_name  # noqa: PLC0415 -- see above
    from harness.reports.findings import Question  # noqa: PLC0415 -- see above

    question = Question(tuple(policy or ()), by_name(by), Rules(margin, alpha, seed), controls)
    if not compare_artifacts(artifacts, Options(question, baseline, json_, markdown, gate)):
        raise typer.Exit(1)


@app.command()
def leaderboard(
    artifacts: Annotated[list[Path], typer.Argument(help="Artifacts of one panel.")],
    out: Annotated[Path, typer.Option(help="Folder of the site: a new one, or an earlier site, which is replaced.")],
    baseline: Annotated[Path | None, typer.Option(help="An earlier artifact of the panel: what broke?")] = None,
    name: Annotated[str, typer.Option(help="Heading; the manifest's name if left out.")] = "",
    episodes: Annotated[int, typer.Option(min=0, help="Pages of failed episodes a policy and task, at most.")] = 12,
    margin: Annotated[float, typer.Option(min=0, max=1, help="Smallest difference of success that matters.")] = 0.05,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="Level of a family of tests.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the resampling.")] = 0,
) -> None:
    """Build a static site that opens from disk: which policy is best, how sure, what broke, and all behind it."""
    from harness.cli.publishing import Request, publish  # noqa: PLC0415 -- pulls in scipy and jinja2
    from harness.reports.comparison import Rules  # noqa: PLC0415 -- see above
    from harness.reports.leaderboard.site import Wish  # noqa: PLC0415 -- see above

    publish(artifacts, Request(out, baseline, Wish(name, episodes, Rules(margin, alpha, seed))))


@app.command()
def weekly(
    manifest: ManifestArgument = "weekly",
    out: Annotated[Path, typer.Option(help="Folder of the weeks, each an artifact and a site.")] = Path(
        "results/weekly"
    ),
    week: Annotated[str, typer.Option(help="Name of the week; the present one, as 2026-W48, if left out.")] = "",
    baseline: Annotated[
        Path | None, typer.Option(help="Compare with this; with the newest earlier week of the panel if left out.")
    ] = None,
    lanes: Lanes = None,
    threads: Threads = None,
) -> None:
    """Run a panel, find causes, compare with the week before, build the site, and say it all on one screen.

    Exit code 1: controls left their bands, the anchor differs from the week before, or a policy from itself.
    """
    from harness.cli.weekly import Week, run_week  # noqa: PLC0415 -- see run

    if not run_week(manifest, Week(out, week, baseline, lanes, threads or cores(), tuple(sys.argv))):
        raise typer.Exit(1)


@app.command()
def schema(
    manifest: Annotated[bool, typer.Option("--manifest", help="The JSON schema of manifests instead.")] = False,
) -> None:
    """List every column of the artifact with type and meaning."""
    listing.show_schema(manifest=manifest)


@app.command()
def bench(manifest: ManifestArgument = "quick", lanes: Lanes = None, threads: Threads = None) -> None:
    """Time the rollout phase of a manifest: physics, forward passes, everything else, and their shares."""
    from harness.cli.benching import bench_manifest  # noqa: PLC0415 -- see run

    bench_manifest(manifest, lanes, threads or cores())
