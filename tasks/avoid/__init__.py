"""Avoid: cross three rows of posts without touching one (`avoid-v1`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.avoid.contract import CONTRACT

if TYPE_CHECKING:
    from jaxtyping import Float64, UInt8

    from harness.contract.fields import Array
    from harness.contract.policy import Policy
    from harness.contract.task import Engine, TaskContract
    from tasks.engines.painter import Painter

__all__ = ["task"]


@cache
def _painter() -> Painter:
    """One for all pictures: opening a graphics context takes long."""
    from tasks.avoid.engine import load_model  # noqa: PLC0415 (imports mujoco)
    from tasks.engines.painter import Painter  # noqa: PLC0415 (see above)

    return Painter(load_model())


class Avoid:
    """Keeps `harness.contract.task.Task`. MuJoCo is imported by the methods that simulate or render."""

    @property
    def contract(self) -> TaskContract:
        """The contract."""
        return CONTRACT

    @property
    def demonstrations(self) -> Path:
        """Folder of the committed demonstrations."""
        return Path(__file__).parent / "demonstrations"

    def engine(self, threads: int) -> Engine:
        """A batched simulator that uses `threads` native threads."""
        from tasks.avoid.engine import AvoidEngine  # noqa: PLC0415 (imports mujoco)

        return AvoidEngine(threads)

    def expert(self, threads: int) -> Policy:
        """The scripted expert; it plans a row at a time in one thread, whatever `threads` says."""
        from tasks.avoid.expert import AvoidExpert  # noqa: PLC0415 (imports numpy only, but with the engine's layout)

        return AvoidExpert()

    def render(
        self, states: Float64[Array, "frames state"], camera: str, width: int, height: int
    ) -> UInt8[Array, "frames height width 3"]:
        """Pictures of the states."""
        return _painter().paint(states, camera, width, height)


task = Avoid()
