"""Schema v1 of the artifact: one row an episode, every column documented here and listed by `samepanel schema`.

A new column is a new minor version; a change of meaning is a new major version and a new file name for readers.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from harness.evidence.exposure import EXPOSURE

__all__ = ["COLUMNS", "SCHEMA", "VERSION", "Column", "measured_columns"]

VERSION = "1.2"

_TEXT, _INT, _FLOAT, _BOOL = pa.string(), pa.int32(), pa.float64(), pa.bool_()
_FLOATS = pa.list_(pa.float32())
_VECTORS = pa.list_(pa.list_(pa.float32()))


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        measured: holds wall-clock measurements: differs between two runs of a manifest and enters no digest.
    """

    name: str
    type: pa.DataType
    group: str
    doc: str
    measured: bool = False


_FAULT = pa.struct(
    [
        ("fault", _TEXT),
        ("parameters", _TEXT),
        ("realised", _TEXT),
        ("start", _INT),
        ("stop", _INT),
    ]
)
_RECOVERY = pa.struct([("fault", _TEXT), ("start", _INT), ("stop", _INT), ("recovered", _BOOL), ("steps", _INT)])
_INTERVENTION = pa.struct([("kind", _TEXT), ("step", _INT), ("length", _INT), ("trigger", _TEXT)])
_PROBABILITY = pa.struct([("successes", _INT), ("scored", _INT), ("rate", _FLOAT), ("low", _FLOAT), ("high", _FLOAT)])
_EVIDENCE = pa.struct([("rule", _TEXT), ("step", _INT), ("value", _FLOAT), ("threshold", _FLOAT), ("text", _TEXT)])
_VERDICT = pa.struct(
    [
        ("kind", _TEXT),
        ("category", _TEXT),
        ("necessity", _PROBABILITY),
        ("sufficiency", _PROBABILITY),
        ("distance", _FLOAT),
        ("probes", pa.list_(_TEXT)),
        ("text", _TEXT),
    ]
)
_TRACE = pa.struct(
    [
        ("obs_id", pa.list_(_INT)),
        ("plan_step", pa.list_(_INT)),
        ("chunk_index", pa.list_(_INT)),
        ("commanded", _VECTORS),
        ("applied", _VECTORS),
        ("progress", _FLOATS),
        ("signals", pa.map_(_TEXT, _FLOATS)),
        ("query_steps", pa.list_(_INT)),
        ("query_hashes", pa.list_(pa.uint64())),
        ("state_hashes", pa.list_(pa.uint64())),
        ("chain", pa.list_(pa.uint64())),
    ]
)

COLUMNS: tuple[Column, ...] = (
    Column("episode", _TEXT, "identity", "Id of the episode: hash of panel, policy, condition, scene and replicate."),
    Column("purpose", _TEXT, "identity", "`panel`, `control` or `probe`."),
    Column("parent", _TEXT, "identity", "Episode that a probe varies; null otherwise."),
    Column("probe", _TEXT, "identity", "What a probe changes in its parent, in words; null otherwise. Since 1.1."),
    Column("policy", _TEXT, "identity", "Method and training seed, e.g. `act-s0`, or the name of a control."),
    Column("method", _TEXT, "identity", "Policy class with its recipe, as named in the manifest, or the control."),
    Column("training_seed", _INT, "identity", "Seed of the training; null for controls."),
    Column("policy_hash", _TEXT, "identity", "Hash of the checkpoint's weights (of the method's name for controls)."),
    Column("task", _TEXT, "identity", "Versioned id of the task."),
    Column("split", _TEXT, "identity", "`train`, `heldout` or `stress`: the reset distribution of the scene."),
    Column("condition", _TEXT, "identity", "Named set of faults; `nominal` is the empty set."),
    Column("scene", _INT, "identity", "Index of the reset draw within the split."),
    Column("replicate", _INT, "identity", "The same scene again, with fresh policy noise."),
    Column("panel_id", _TEXT, "identity", "Hash of all that can change an outcome, policies apart."),
    Column(
        "scene_variables", pa.map_(_TEXT, _FLOAT), "identity", "Reset variables of the scene, in the contract's units."
    ),
    Column("initial_state", pa.list_(_FLOAT), "identity", "Simulator state at t = 0."),
    Column("outcome", _TEXT, "outcome", "`success`, `failure` or `error`. An error is unscored, never a failure."),
    Column("success", _BOOL, "outcome", "Whether the task's predicate held at the end of any step; null for errors."),
    Column("success_step", _INT, "outcome", "First control step after which it held, counted from 1; null if never."),
    Column("steps", _INT, "outcome", "Control steps run."),
    Column("progress", _FLOAT, "outcome", "Largest value of the progress signal, 0 to 1; null for errors."),
    Column("stage", _TEXT, "outcome", "Last stage of the contract that was reached; null if none."),
    Column("signals_max", pa.map_(_TEXT, _FLOAT), "outcome", "Largest value of every signal."),
    Column("signals_min", pa.map_(_TEXT, _FLOAT), "outcome", "Smallest value of every signal."),
    Column("diverged", _BOOL, "outcome", "The simulation broke down; the episode counts as a failure."),
    Column("error", _TEXT, "outcome", "Why the episode could not be run; null unless the outcome is `error`."),
    Column("failure_category", _TEXT, "failure", "Label: what the trace shows; `none` for successes and errors."),
    Column("failure_evidence", _EVIDENCE, "failure", "Rule that gave the label, the step and the numbers it read."),
    Column("label_version", _TEXT, "failure", "Version of the label rules."),
    Column(
        "cause",
        _TEXT,
        "failure",
        "What re-simulation shows: faults, `policy`, `policy noise` or `scene`; null where no probe was run.",
    ),
    Column(
        "verdict", _VERDICT, "failure", "How the cause was found: kind, category, probabilities, ids of the probe rows."
    ),
    Column(
        "point_of_no_return", _INT, "failure", "Last step from which the expert saves the episode; null if unknown."
    ),
    Column("queries", _INT, "timing", "How often the policy was asked."),
    Column("deadline_misses", _INT, "timing", "Steps on which no plan was ready and the last command was held."),
    Column("latency_steps", _FLOAT, "timing", "Mean virtual latency of the queries, in control steps."),
    Column("observation_age", _FLOAT, "timing", "Mean age of the delivered frames, in control steps."),
    Column("observation_age_max", _INT, "timing", "Largest age of a delivered frame, in control steps."),
    Column("inference_ms", _FLOAT, "timing", "Median wall time of the batch a query sat in, ms.", measured=True),
    Column("inference_ms_max", _FLOAT, "timing", "Longest such time, ms.", measured=True),
    Column("over_budget", _INT, "timing", "Queries whose batch took longer than the timing budget.", measured=True),
    Column(
        "faults", pa.list_(_FAULT), "faults", "Faults as realised: parameters in SI units and what was drawn (JSON)."
    ),
    Column("faults_hash", _TEXT, "faults", "Hash of every number the faults fed into the step loop."),
    Column(
        "exposure",
        pa.map_(_TEXT, _FLOAT),
        "faults",
        "What the faults amounted to: " + ", ".join(EXPOSURE) + "; where one acts on an agent, also `NAME of AGENT`.",
    ),
    Column("recovery", pa.list_(_RECOVERY), "recovery", "For every fault in a window: did progress resume, how soon."),
    Column("interventions", pa.list_(_INTERVENTION), "interventions", "What a supervisor did; empty without one."),
    Column("saturation", _FLOAT, "action", "Share of steps at which a limit cut an arriving command."),
    Column("action_error", _FLOAT, "action", "Mean |applied - commanded| as a share of the actuator range."),
    Column("jerk", _FLOAT, "action", "Mean |third difference| of the applied action as a share of the range."),
    Column("tokens", pa.list_(pa.list_(pa.int16())), "policy", "Codes chosen at every query, one per layer (VQ-BeT)."),
    Column("token_reconstruction_error", _FLOAT, "policy", "Mean |decoded codes - action|, action units (VQ-BeT)."),
    Column(
        "start_distance",
        _FLOAT,
        "policy",
        "Of failures: distance of the start to the starts of what the policy was trained on, 1 = p99 of theirs.",
    ),
    Column(
        "demonstration_distance",
        _FLOAT,
        "policy",
        "Of failures: largest distance of a frame to what the policy was trained on, 1 = p99 of theirs.",
    ),
    Column("trace", _TRACE, "trace", "Per step: observation id, plan, command, applied action, signals, hashes."),
    Column("media", pa.binary(), "media", "Video of the episode (mp4) where it was asked for."),
    Column("digest", _TEXT, "digest", "End of the hash chain over the trajectory and the outcome."),
)

SCHEMA = pa.schema([pa.field(column.name, column.type, metadata={"doc": column.doc}) for column in COLUMNS])


def measured_columns() -> list[str]:
    """Columns in which two runs of the same manifest may differ."""
    return [column.name for column in COLUMNS if column.measured]
