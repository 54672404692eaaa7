"""TransferCube: the right arm of an ALOHA robot picks up a cube and hands it to the left arm."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from harness.contract.task import Engine, TaskContract
from tasks.transfer_cube.contract import CONTRACT

if TYPE_CHECKING:
    from harness.contract.policy import Policy
    from tasks.transfer_cube.pictures import Painter

__all__ = ["TransferCube", "task"]


class TransferCube:
    """Keeps `harness.contract.task.Task`."""

    @property
    def contract(self) -> TaskContract:
        """The contract."""
        return CONTRACT

    @property
    def demonstrations(self) -> Path:
        """Folder of the committed LeRobotDataset v3.0."""
        return Path(__file__).parent / "demonstrations"

    def engine(self, threads: int) -> Engine:
        """A batched simulator that uses `threads` native threads."""
        from tasks.transfer_cube.engine import TransferEngine  # noqa: PLC0415 - starts MuJoCo

        return TransferEngine(threads)

    def expert(self, threads: int) -> Policy:
        """The scripted expert; it plans a row at a time in one thread, whatever `threads` says."""
        from tasks.transfer_cube.expert import TransferExpert  # noqa: PLC0415 - starts MuJoCo

        return TransferExpert()

    def render(
        self, states: Float64[Array, "frames state"], camera: str, width: int, height: int
    ) -> UInt8[Array, "frames height width 3"]:
        """Pictures of the states."""
        return self._painter.paint(states, camera, width, height)

    @cached_property
    def _painter(self) -> Painter:
        from tasks.transfer_cube.pictures import Painter  # noqa: PLC0415 - starts MuJoCo

        return Painter()


task = TransferCube()
