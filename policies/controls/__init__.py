"""Policies that are no method: they test the instrument and the task, and are never ranked. No torch here."""

from policies.controls.again import AgainControl
from policies.controls.blind import BlindControl
from policies.controls.control import Control
from policies.controls.hold import ZeroControl
from policies.controls.misled import MisledControl
from policies.controls.mismatch import ShuffledControl
from policies.controls.noise import RandomControl
from policies.controls.privileged import ExpertControl
from policies.controls.retrieval import ReplayControl

__all__ = ["Control", "again", "blind", "expert", "misled", "random", "replay", "shuffled", "zero"]

zero = ZeroControl()
random = RandomControl()
expert = ExpertControl()
shuffled = ShuffledControl()
replay = ReplayControl()
blind = BlindControl()
again = AgainControl()
misled = MisledControl()
