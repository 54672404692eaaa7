"""A task whose simulator cannot push or move anything refuses such faults when the manifest is loaded."""

import pytest
from fakes.task import CONTRACT
from pydantic import TypeAdapter

from harness.errors import ManifestError
from harness.faults.catalogue import AnyFault

OBJECTLESS = CONTRACT.model_copy(update={"object": None})


@pytest.mark.parametrize(
    "fault", [{"fault": "dynamics.push", "force": "1 N"}, {"fault": "scene.object_shift", "distance": "1 cm"}]
)
def test_a_fault_of_the_object_needs_one(fault):
    parsed = TypeAdapter(AnyFault).validate_python(fault)
    parsed.check(CONTRACT, "here")
    with pytest.raises(ManifestError, match=r"here; expected a task with an object .* got fake-v1, whose simulator"):
        parsed.check(OBJECTLESS, "here")
