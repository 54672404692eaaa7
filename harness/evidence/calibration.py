"""How good labels and causes are: scored on failed episodes whose category is known, because they were made to fail.

Known are

- a fault injected into an episode that the same policy wins without it and the expert wins under it: its category;
- a defect given to a policy, on a scene that the healthy one wins: its category;
- a condition under which the expert loses too: what the manifest says of it, which is `evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from harness.contract.failure import BLAMES, Blame
from harness.contract.fields import Array
from harness.contract.scenes import draw_scene
from harness.evidence.company import Company
from harness.faults.catalogue import acting_on
from harness.manifest.documents import NOMINAL, CalibrationEntry
from harness.manifest.manifest import Manifest

__all__ = ["ABSTAINED", "Score", "known", "score"]

ABSTAINED = "undetermined"


def known(rows: Sequence[Mapping[str, Any]], manifest: Manifest) -> dict[str, Blame]:
    """Category of every failed episode of which it is known, by episode.

    Args:
        rows: of the artifact; need `episode`, `outcome` and what `Company` reads.
        manifest: with a section `calibration`.
    """
    entry = manifest.calibration or CalibrationEntry()
    company = Company(rows)
    found: dict[str, Blame] = {}
    for row in rows:
        if row["outcome"] == "failure" and row["purpose"] != "probe":
            defective = row["policy"] in entry.defects
            truth = _defect(row, manifest, company) if defective else _fault(row, manifest, company)
            if truth is not None:
                found[row["episode"]] = truth
    return found


def _defect(row: Mapping[str, Any], manifest: Manifest, company: Company) -> Blame | None:
    """Without any fault, on a scene that the healthy policy wins and the defect can reach."""
    assert manifest.calibration is not None, "a defect is named in the calibration"
    defect = manifest.calibration.defects[row["policy"]]
    if row["condition"] != NOMINAL or not company.nominal(defect.healthy, row) or _demonstrated(row, manifest):
        return None
    return defect.category


def _demonstrated(row: Mapping[str, Any], manifest: Manifest) -> bool:
    """Whether a policy that was trained on a part of the workspace meets a scene of that part."""
    specs = [spec for spec in manifest.policies if (spec.label, spec.task) == (row["policy"], row["task"])]
    if not specs or not specs[0].demonstrations.within:
        return False
    contract = manifest.panel.tasks[f"{row['task']}/{row['split']}"].contract
    variables = draw_scene(contract, manifest.panel.seed, row["split"], row["scene"]).variables
    return all(span.holds(variables[name]) for name, span in specs[0].demonstrations.within.items())


def _fault(row: Mapping[str, Any], manifest: Manifest, company: Company) -> Blame | None:
    """Of a policy that is not known to be defective, on a scene that it wins without faults."""
    elsewhere = company.elsewhere(row)
    if row["purpose"] != "panel" or not elsewhere.nominal:
        return None
    named = manifest.calibration.conditions.get(row["condition"]) if manifest.calibration else None
    if named is not None:
        return None if elsewhere.expert else named
    categories = {fault.category for fault in acting_on(manifest.panel.conditions[row["condition"]], row["task"])}
    single = next(iter(categories)) if len(categories) == 1 else None
    return next((blame for blame in BLAMES if blame == single), None) if elsewhere.expert else None


@dataclass(frozen=True)
class Score:
    """Known categories against found ones.

    Attributes:
        matrix: failures by known category (rows, in the order of `BLAMES`) and found one (columns; abstained is last).
    """

    matrix: Int64[Array, "7 8"]

    @property
    def cases(self) -> int:
        """How many failures were scored."""
        return int(self.matrix.sum())

    @property
    def abstention(self) -> float:
        """Share of the failures on which nothing was said; NaN without a case."""
        return float(self.matrix[:, -1].sum() / self.cases) if self.cases else float("nan")

    @property
    def precision(self) -> Float64[Array, 7]:
        """Of what was put down to a category, the share that is; NaN where nothing was."""
        return _share(self.matrix.diagonal(), self.matrix[:, :-1].sum(axis=0))

    @property
    def recall(self) -> Float64[Array, 7]:
        """Of what is of a category, the share put down to it; NaN where nothing is."""
        return _share(self.matrix.diagonal(), self.matrix.sum(axis=1))

    @property
    def f1(self) -> Float64[Array, 7]:
        """Harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn); NaN without a case of the category."""
        hits, is_, put = self.matrix.diagonal(), self.matrix.sum(axis=1), self.matrix[:, :-1].sum(axis=0)
        return np.where(is_ > 0, _share(2 * hits, is_ + put), np.nan)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over all seven categories: one without a case makes it NaN, since nothing is known of it."""
        return float(self.f1.mean())

    def document(self) -> dict[str, Any]:
        """As JSON; what is not known is null."""
        shares = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {
            "macro_f1": _number(self.macro_f1),
            "abstention": _number(self.abstention),
            "cases": self.cases,
            "categories": {
                blame: {
                    "cases": int(self.matrix[k].sum()),
                    **{name: _number(float(values[k])) for name, values in shares.items()},
                }
                for k, blame in enumerate(BLAMES)
            },
            "matrix": {
                blame: dict(zip((*BLAMES, ABSTAINED), self.matrix[k].tolist(), strict=True))
                for k, blame in enumerate(BLAMES)
            },
        }


def score(truths: Mapping[str, Blame], found: Mapping[str, str]) -> Score:
    """Score categories by episode; what is none of the seven counts as abstained.

    Args:
        truths: known category by episode.
        found: category by episode; episodes without one are left out.
    """
    columns = (*BLAMES, ABSTAINED)
    matrix = np.zeros((len(BLAMES), len(columns)), np.int64)
    for episode, truth in truths.items():
        if episode in found:
            said = found[episode] if found[episode] in BLAMES else ABSTAINED
            matrix[BLAMES.index(truth), columns.index(said)] += 1
    return Score(matrix)


def _share(part: Array, whole: Array) -> Float64[Array, " n"]:
    part, whole = part.astype(np.float64), whole.astype(np.float64)
    shares: Array = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return shares


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
