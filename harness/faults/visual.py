"""Faults of cameras, and of what stands before them: of pictures only, so a policy that reads none meets nothing."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.fields import Array
from harness.contract.staging import Prop
from harness.contract.task import TaskContract
from harness.errors import ManifestError
from harness.faults.base import Applied, WindowedFault, checked_name, checked_part, unit_vector
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.faults.pixels import Black, Blurred, Covered, Noisy, PixelError, Scaled
from harness.faults.seeing import Displaced, Marred, Shown, Vision, plain_vision
from harness.faults.streams import bursts, delayed, held, stretch
from harness.quantities import Angle, Duration, Length, Pixels, Ratio, Stops

__all__ = [
    "Blackout",
    "Blur",
    "ColourShift",
    "Desync",
    "Distractors",
    "Drop",
    "Exposure",
    "Freeze",
    "Noise",
    "Patch",
    "PoseShift",
]


class _VisualFault(WindowedFault):
    """A fault of what cameras see."""

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty, or the task has no camera."""
        super().check(contract, whose)
        if not contract.cameras:
            raise ManifestError(
                whose,
                expected="a task with a camera",
                got=f"{contract.id}, which has none",
                fix="give the fault a `task`",
            )


class _CameraFault(_VisualFault):
    """A fault of one camera, or of all."""

    camera: str | None = Field(
        default=None, description="the camera that it acts on; every one if left out", examples=["top"]
    )

    @property
    def subject(self) -> str | None:
        """The camera, if one is given."""
        return self.camera

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty, or the task has no such camera."""
        super().check(contract, whose)
        if self.camera is not None:
            checked_name("camera", self.camera, tuple(camera.name for camera in contract.cameras), whose)

    def names(self, contract: TaskContract) -> tuple[str, ...]:
        """Cameras that it acts on."""
        return tuple(camera.name for camera in contract.cameras if self.camera in (None, camera.name))

    def marred(self, effects: Effects, contract: TaskContract, active: slice, error: PixelError) -> Effects:
        """The effects with something more that happens to pictures."""
        item = Marred(active.start, active.stop, error)
        return replace(effects, vision=_vision(effects, contract).marring(self.names(contract), item))

    def carried(self, effects: Effects, contract: TaskContract, source: Array) -> Effects:
        """The effects with one more link behind the cameras."""
        return replace(effects, vision=_vision(effects, contract).carrying(self.names(contract), source))


def _vision(effects: Effects, contract: TaskContract) -> Vision:
    return effects.vision or plain_vision(contract)


def _where(active: slice) -> dict[str, object]:
    return {"start": active.start, "stop": active.stop}


class PoseShift(_CameraFault):
    """The camera is turned about an axis of its own and moved, both the same for an episode and drawn anew for each."""

    meaning: ClassVar[str] = "the camera was knocked: it looks from another place, another way"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("angle", "deg", 0, 180, "0 deg", ("1 deg", "2 deg", "4 deg", "8 deg", "15 deg"))

    fault: Literal["camera.pose_shift"] = "camera.pose_shift"
    angle: Angle = Field(default=0.0, description="how far it is turned, about an axis drawn at random")
    distance: Length = Field(default=0.0, description="how far it is moved, in a direction drawn at random")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Displace the cameras, all alike."""
        active = self.window.place(contract, rng)
        turn, move = self.angle * unit_vector(None, 3, rng), self.distance * unit_vector(None, 3, rng)
        summary = _where(active) | {"turn": turn.tolist(), "move": move.tolist()}
        if not (turn.any() or move.any()):
            return Applied(effects, summary)
        (x, y, z), (a, b, c) = move.tolist(), turn.tolist()
        item = Displaced(active.start, active.stop, (x, y, z), (a, b, c))
        vision = _vision(effects, contract).displacing(self.names(contract), item)
        return Applied(replace(effects, vision=vision), summary)


class Patch(_CameraFault):
    """A grey rectangle stands before the camera, at one place for an episode."""

    meaning: ClassVar[str] = "something hides a part of the picture: dirt on the lens, a cable, a label"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("size", "%", 0, 100, "0 %", ("10 %", "20 %", "35 %", "50 %", "70 %"))

    fault: Literal["camera.patch"] = "camera.patch"
    size: Ratio = Field(description="its sides, as a share of those of the picture")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Cover the pictures."""
        active, (left, top, grey) = self.window.place(contract, rng), rng.random(3)
        room = 1 - self.size
        patch = Covered(float(room * left), float(room * top), self.size, self.size, int(256 * grey))
        summary = _where(active) | {"left": patch.left, "top": patch.top, "grey": patch.grey}
        return Applied(self.marred(effects, contract, active, patch) if self.size else effects, summary)


class Blur(_CameraFault):
    """The picture is blurred by a Gaussian."""

    meaning: ClassVar[str] = "the lens is out of focus"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("sigma", "px", 0, inf, "0 px", ("0.5 px", "1 px", "2 px", "3 px", "5 px"))

    fault: Literal["camera.blur"] = "camera.blur"
    sigma: Pixels = Field(description="standard deviation of the Gaussian, in pixels of the policy's picture")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Blur the pictures."""
        active = self.window.place(contract, rng)
        blurred = self.marred(effects, contract, active, Blurred(self.sigma)) if self.sigma else effects
        return Applied(blurred, _where(active))


class Exposure(_CameraFault):
    """Light is multiplied by two to the power of the stops, and cut off where the chip is full."""

    meaning: ClassVar[str] = "the light has changed, or the camera takes too much or too little of it"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder(
        "stops", "stops", 0, inf, "0 stops", ("0.5 stops", "1 stops", "1.5 stops", "2 stops", "3 stops")
    )

    fault: Literal["camera.exposure"] = "camera.exposure"
    stops: Stops = Field(description="how far it is off: a stop doubles or halves the light")
    way: Literal["over", "under"] | None = Field(default=None, description="which way; random if left out")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Scale the pictures."""
        active, draw = self.window.place(contract, rng), rng.random()
        over = draw < 0.5 if self.way is None else self.way == "over"
        stops = self.stops if over else -self.stops
        gain = float(2.0**stops)
        lit = self.marred(effects, contract, active, Scaled((gain, gain, gain))) if self.stops else effects
        return Applied(lit, _where(active) | {"stops": stops})


class ColourShift(_CameraFault):
    """Red, green and blue are multiplied by factors of their own, 1 + shift along a direction drawn at random."""

    meaning: ClassVar[str] = "the white balance is wrong: colours are off by the same factors everywhere"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("shift", "%", 0, 100, "0 %", ("10 %", "20 %", "35 %", "50 %", "80 %"))

    fault: Literal["camera.colour_shift"] = "camera.colour_shift"
    shift: Ratio = Field(description="change of the colour that changes most")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Scale the colours."""
        active, direction = self.window.place(contract, rng), unit_vector(None, 3, rng)
        red, green, blue = (1 + self.shift * direction / np.abs(direction).max()).tolist()
        tinted = self.marred(effects, contract, active, Scaled((red, green, blue))) if self.shift else effects
        return Applied(tinted, _where(active) | {"gains": [red, green, blue]})


class Noise(_CameraFault):
    """White Gaussian noise on every pixel and colour, drawn for each picture; a late picture keeps its noise."""

    meaning: ClassVar[str] = "there is too little light, and the chip is noisy"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("std", "%", 0, 100, "0 %", ("2 %", "5 %", "10 %", "20 %", "40 %"))

    fault: Literal["camera.noise"] = "camera.noise"
    std: Ratio = Field(description="standard deviation, as a share of full scale")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the noise, from a stream of its own."""
        active, key = self.window.place(contract, rng), int(rng.integers(2**63))
        noisy = self.marred(effects, contract, active, Noisy(self.std, key)) if self.std else effects
        return Applied(noisy, _where(active))


class Blackout(_CameraFault):
    """One stretch of pictures is black."""

    meaning: ClassVar[str] = "the light goes out, or the camera resets: black pictures for a while"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("duration", "s", 0, inf, "0 s", ("200 ms", "500 ms", "1 s", "2 s", "4 s"))

    fault: Literal["camera.blackout"] = "camera.blackout"
    duration: Duration = Field(description="how long it lasts; placed at random in the window")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or camera do not fit, or the window has a length."""
        super().check(contract, whose)
        checked_part(self.window, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Turn the pictures black."""
        active = self.window.place_part(self.duration, contract, rng)
        lasting = active.stop > active.start
        return Applied(self.marred(effects, contract, active, Black()) if lasting else effects, _where(active))


class Freeze(_CameraFault):
    """One stretch of pictures is lost: the last one before it is given until it ends."""

    meaning: ClassVar[str] = "the driver of one camera hangs, while all else that is measured goes on"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("duration", "s", 0, inf, "0 s", ("200 ms", "500 ms", "1 s", "2 s", "4 s"))

    fault: Literal["camera.freeze"] = "camera.freeze"
    duration: Duration = Field(description="how long it lasts; placed at random in the window")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or camera do not fit, or the window has a length."""
        super().check(contract, whose)
        checked_part(self.window, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Repeat one picture."""
        active = self.window.place_part(self.duration, contract, rng)
        source = held(stretch(active, contract.horizon), first=0)
        return Applied(self.carried(effects, contract, source), _where(active))


class Drop(_CameraFault):
    """The camera's last picture is given again; picture 0 always arrives."""

    meaning: ClassVar[str] = "one camera loses pictures, and gives the last one again, while all else goes on"
    category: ClassVar[str] = "perception"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("20 %", "40 %", "60 %", "75 %", "90 %"))

    fault: Literal["camera.drop"] = "camera.drop"
    probability: Ratio = Field(description="expected share of pictures lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Repeat pictures; the cameras that it acts on lose the same ones."""
        active, burst = self.window.place(contract, rng), max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, contract.horizon, rng)
        lost[0] = False
        summary = _where(active) | {"dropped": int(lost.sum())}
        return Applied(self.carried(effects, contract, held(lost, first=0)), summary)


class Desync(_CameraFault):
    """The camera's pictures are older than all else in a frame, by a constant delay."""

    meaning: ClassVar[str] = "one camera is not synchronised: it shows the past beside the present of the others"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("delay", "s", 0, inf, "0 s", ("80 ms", "160 ms", "240 ms", "400 ms", "600 ms"))

    fault: Literal["camera.desync"] = "camera.desync"
    delay: Duration = Field(description="how far it is behind")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Delay the pictures."""
        active, delay = self.window.place(contract, rng), self.delay.to_steps(contract.control_period_s)
        late = delayed(delay, active, contract.horizon, first=0)
        return Applied(self.carried(effects, contract, late), _where(active) | {"delay_steps": delay})


_MOST = 32
_SHAPES: tuple[Literal["sphere", "box", "cylinder"], ...] = ("sphere", "box", "cylinder")


class Distractors(_VisualFault):
    """Spheres, boxes and cylinders lie about where the object may be: they are seen, and touch nothing."""

    meaning: ClassVar[str] = "things that have nothing to do with the task lie in the scene"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("count", "things", 0, _MOST, 0, (1, 2, 4, 8, 16))

    fault: Literal["scene.distractors"] = "scene.distractors"
    count: int = Field(ge=0, le=_MOST, description="how many", examples=[4])
    size: Length = Field(
        default=0.02, description="their mean half-width; they are half to one and a half times as big"
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty, or the task has no camera or says not where its object may be."""
        super().check(contract, whose)
        if _ground(contract) is None:
            raise ManifestError(
                whose,
                expected="a task that measures where its object or robot is, in metres of the world",
                got=f"{contract.id}, which does not",
                fix="give the fault a `task`",
            )

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Put them on the ground; as many are drawn, whatever the count."""
        active, drawn = self.window.place(contract, rng), rng.random((_MOST, 7))
        ground = _ground(contract)
        assert ground is not None, "a fault is checked before it is applied"
        low, high = ground
        props = tuple(self._prop(row, low, high) for row in drawn[: self.count])
        summary = _where(active) | {"places": [list(prop.position) for prop in props]}
        if not props:
            return Applied(effects, summary)
        vision = _vision(effects, contract)
        shown = (*vision.shown, Shown(active.start, active.stop, props))
        return Applied(replace(effects, vision=replace(vision, shown=shown)), summary)

    def _prop(self, drawn: Array, low: Array, high: Array) -> Prop:
        x, y = (low + drawn[:2] * (high - low)).tolist()
        half = float(self.size * (0.5 + drawn[2]))
        red, green, blue = drawn[4:7].tolist()
        return Prop(_SHAPES[int(3 * drawn[3])], (x, y, half), (half, half, half), (red, green, blue))


def _ground(contract: TaskContract) -> tuple[Array, Array] | None:
    """Where the object, or else the robot, may be measured, metre, world x and y: low, high; None if no field says."""
    for field in sorted(contract.observation, key=lambda field: field.proprioceptive):
        if (field.unit, field.frame) == ("m", "world") and field.size >= 2:
            return np.array(field.low[:2]), np.array(field.high[:2])
    return None
