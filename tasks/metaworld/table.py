"""Which environments of Meta-World are tasks here, and in what they differ. Data only; nothing is simulated here.

Meta-World's observation is 39 numbers. What a task shows of it is named by `GROUPS`: never the second half (the frame
before, which a policy that wants it gets from the harness), nor what is constant on that task, nor the rotation of what
is round or hinged, since its position tells it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GROUPS", "ID", "NUMBERS", "TABLE", "Row"]

ID = "samepanel/MetaWorld-v3"
"""Under which `environment` registers itself with Gymnasium."""

NUMBERS = 39
"""Numbers of Meta-World's observation."""

GROUPS = {
    "hand_position": range(0, 3),
    "gripper_opening": range(3, 4),
    "object_position": range(4, 7),
    "object_rotation": range(7, 11),
    "target_position": range(11, 14),
    "goal_position": range(36, 39),
}
"""By field, where its numbers are in Meta-World's observation."""

_USUAL = ("hand_position", "gripper_opening", "object_position", "goal_position")


@dataclass(frozen=True)
class Row:
    """One environment.

    Attributes:
        name: the environment's, without Meta-World's version, which is 3 for all.
        description: what is to be done.
        success: Meta-World's rule, which is info["success"], in words.
        object: what "object" means in the names of fields and signals.
        fields: what is observed, of `GROUPS`.
        contact: whether there is something to be touched; then a signal says when it is.
        distance: what `obj_to_target` measures, metre; "" where Meta-World leaves it at 0 or counts something else.
        noise: on the hand's motion while demonstrations are recorded, cm; half of it on the effort of the fingers.
        demonstrations: how many are committed; as many as native tasks have where `weekly` trains on them.
    """

    name: str
    description: str
    success: str
    object: str
    fields: tuple[str, ...] = _USUAL
    contact: bool = True
    distance: str = "from the object to the goal"
    noise: float = 0.2
    demonstrations: int = 80

    @property
    def environment(self) -> str:
        """Meta-World's name, e.g. "reach-v3"."""
        return f"{self.name}-v3"

    @property
    def id(self) -> str:
        """The task's id; its version is ours and counts changes of the task."""
        return f"mw-{self.name}-v1"

    @property
    def components(self) -> tuple[int, ...]:
        """Which of the 39 numbers are observed, in order."""
        return tuple(index for field in self.fields for index in GROUPS[field])


TABLE = {
    row.name: row
    for row in (
        Row(
            "reach",
            "Bring the gripper to a goal in the air, past a puck that does not matter.",
            "the middle between the fingers is within 5 cm of the goal",
            "puck",
            contact=False,
            distance="from the middle between the fingers to the goal",
        ),
        Row("push", "Push a puck to a goal on the table.", "the puck is within 5 cm of the goal", "puck"),
        Row(
            "pick-place",
            "Pick up a puck and hold it at a goal in the air.",
            "the puck is within 7 cm of the goal",
            "puck",
        ),
        Row("drawer-open", "Open a drawer.", "the handle is within 3 cm of where it is when it is open", "handle"),
        Row(
            "button-press-topdown",
            "Press a button from above.",
            "the button is within 2.4 cm of all the way down",
            "button",
            distance="from the button to all the way down",
        ),
        Row("faucet-open", "Turn a faucet open.", "the handle is within 7 cm of where it is when it is open", "handle"),
        Row("window-open", "Slide a window open.", "the handle is within 5 cm of the goal along x", "handle"),
        Row("window-close", "Slide a window shut.", "the handle is within 5 cm of the goal along x", "handle"),
        Row(
            "shelf-place",
            "Pick up a block and put it on a shelf.",
            "the block is within 7 cm of the goal",
            "block",
            demonstrations=120,
        ),
        Row(
            "lever-pull",
            "Lift a lever until it stands upright.",
            "the lever is within 7.5 degrees of upright",
            "end of the lever",
            distance="",
        ),
        Row(
            "assembly",
            "Pick up a nut by its wrench and put it over a peg.",
            "the nut is around the peg and below its top",
            "wrench of the nut",
            fields=("hand_position", "gripper_opening", "object_position", "object_rotation", "goal_position"),
            distance="",
            noise=0.05,
        ),
        Row(
            "hammer",
            "Pick up a hammer and drive a nail into a block.",
            "the nail is in by more than 9 cm",
            "hammer",
            fields=("hand_position", "gripper_opening", "object_position", "object_rotation", "target_position"),
            distance="",
        ),
    )
}
