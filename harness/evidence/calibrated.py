"""How good the labels of this version were found to be; every artifact carries it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from harness.evidence.labels import LABEL_VERSION

__all__ = ["calibrated"]


def calibrated() -> dict[str, Any] | None:
    """What `samepanel calibrate --json` printed for the rules here; None if they were changed since."""
    stored = resources.files("harness.evidence").joinpath("calibrated.json")
    found: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8"))
    return found if found["label_version"] == LABEL_VERSION else None
