"""What every test may ask for. `tests/support/fakes` holds the fake task, policies and method."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A folder with the checkpoint cache and the demonstrations of fake-v1; the environment points at them.

    With SAMEPANEL_TEST_CACHE the checkpoints of `smoke` outlive the session, and tests start sooner.
    """
    from fakes import scenario, task  # noqa: PLC0415 -- the fakes need the harness; tests of other packages do not

    from harness.demonstrations import write  # noqa: PLC0415 -- see above

    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMEPANEL_CACHE", os.environ.get("SAMEPANEL_TEST_CACHE", str(folder / "cache")))
        patch.setenv(task.DEMONSTRATIONS, str(folder / "demonstrations"))
        patch.setenv("COLUMNS", "200")
        write(folder / "demonstrations", task.CONTRACT, scenario.record_demonstrations())
        yield folder


@pytest.fixture
def plugins(workplace):
    """fake-v1 and the method `fake` are registered."""
    from fakes import scenario  # noqa: PLC0415 -- see above

    with scenario.plugins():
        yield


@pytest.fixture(scope="session")
def fake_artifact(workplace, tmp_path_factory):
    """The artifact of the fake manifest: 3 policies and 5 controls, complete. Do not write to it."""
    from fakes import scenario  # noqa: PLC0415 -- see above

    folder = tmp_path_factory.mktemp("fake")
    with scenario.plugins():
        scenario.run_manifest(scenario.write_manifest(folder), folder / "fake.parquet")
    return folder / "fake.parquet"


@pytest.fixture(scope="session")
def samepanel():
    """Run the command line in a process of its own: samepanel("show", path) -> CompletedProcess."""
    from fakes import scenario  # noqa: PLC0415 -- see above

    def call(*arguments, cwd=None, timeout=240):
        command = [sys.executable, "-c", "from harness.cli import main; main()", *map(str, arguments)]
        environment = scenario.environment()
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=timeout)

    return call


@pytest.fixture(scope="session")
def smoke(workplace, tmp_path_factory, samepanel):
    """The artifact of the bundled manifest `smoke`, made by the command line. Do not write to it."""
    out = tmp_path_factory.mktemp("smoke") / "smoke.parquet"
    done = samepanel("run", "smoke", "--out", out, "--lanes", "8", timeout=900)
    assert done.returncode == 0, done.stderr
    return out
