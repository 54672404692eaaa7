"""One exception tree, whose messages say whose, expected, got and fix."""

import inspect
import re

import pytest

from harness import errors
from harness.errors import ManifestError, SamepanelError, UnknownIdError


def test_the_public_names_are_pinned():
    assert errors.__all__ == [
        "ArtifactError",
        "CheckpointError",
        "ContractError",
        "DatasetError",
        "ManifestError",
        "PanelMismatchError",
        "PolicyOutputError",
        "PrerequisiteError",
        "SamepanelError",
        "UnknownIdError",
        "WorkerError",
    ]


def test_every_class_of_the_module_is_public_and_in_the_tree():
    classes = {name: item for name, item in vars(errors).items() if inspect.isclass(item) and name[0] != "_"}
    own = {name for name, item in classes.items() if item.__module__ == errors.__name__}
    assert own == set(errors.__all__)
    assert all(issubclass(classes[name], SamepanelError) for name in own)


def test_the_tree_drawn_in_the_docstring_is_the_tree():
    drawn = re.findall(r"\b([A-Z]\w+Error)\b", (errors.__doc__ or "").partition("SamepanelError")[2])
    assert {*drawn, "SamepanelError"} == set(errors.__all__)
    assert "│   └── PolicyOutputError" in (errors.__doc__ or "")
    assert issubclass(errors.PolicyOutputError, errors.ContractError)


def test_a_message_says_whose_expected_got_and_fix_in_one_line():
    error = ManifestError("quick.yaml: seed", expected="a whole number", got="'x'", fix="give one")
    assert str(error) == "quick.yaml: seed; expected a whole number; got 'x'; fix: give one"
    assert (error.whose, error.expected, error.got, error.fix) == (
        "quick.yaml: seed",
        "a whole number",
        "'x'",
        "give one",
    )


def test_parts_that_are_not_given_leave_no_trace():
    assert str(ManifestError("quick.yaml", fix="give one")) == "quick.yaml; fix: give one"


@pytest.mark.parametrize(
    ("unknown", "fix"),
    [("pusht", "did you mean 'pusht-v1'?"), ("zzz", "known: bc, pusht-v1")],
)
def test_an_unknown_id_suggests_the_nearest_or_lists_all(unknown, fix):
    error = UnknownIdError.of("task", unknown, ["pusht-v1", "bc"])
    assert error.fix == fix
    assert f"task '{unknown}' is unknown" in str(error)


def test_an_empty_registry_is_said_to_be_empty():
    assert UnknownIdError.of("task", "x", []).fix == "known: none"
