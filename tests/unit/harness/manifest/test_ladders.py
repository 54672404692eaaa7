"""Families of conditions: one line of YAML that sweeps the severity of a fault."""

import pytest

from harness.errors import ManifestError
from harness.manifest.ladders import Rung, rungs
from harness.manifest.loading import load_manifest

LADDERS = """\
ladders:
  slow-drive: {fault: action.rate_limit}
  late: {fault: observation.delay, task: reach-v1, levels: [100 ms, 200 ms, 400 ms]}
  both:
    - {fault: observation.noise, field: tip}
    - {fault: action.noise, field: target}
"""


@pytest.fixture
def panel(folder, edited):
    """The panel of a manifest that lists some conditions and includes `LADDERS`."""

    def load(*conditions, ladders=LADDERS, controls=None):
        (folder / "ladders.yaml").write_text(ladders)
        edited("mine.yaml", "[shared.yaml]", "[shared.yaml, ladders.yaml]")
        edited("mine.yaml", "[nominal, drops, noise]", f"[{', '.join(conditions)}]")
        if controls:
            edited("mine.yaml", "{control: zero}", controls)
        return load_manifest("mine.yaml").panel

    return load


def test_a_family_is_one_condition_a_level(panel):
    conditions = panel("nominal", "slow-drive").conditions
    assert list(conditions) == ["nominal", *(f"slow-drive-{level}" for level in range(1, 6))]
    rates = [str(conditions[f"slow-drive-{level}"][0].rate) for level in range(1, 6)]
    assert rates == [f"{share} % of range/s" for share in (300, 150, 80, 40, 10)]


def test_levels_may_be_given(panel):
    conditions = panel("nominal", "late").conditions
    assert [str(conditions[f"late-{level}"][0].delay) for level in (1, 2, 3)] == ["0.1 s", "0.2 s", "0.4 s"]
    assert {fault.task for faults in conditions.values() for fault in faults} == {"reach-v1"}


def test_faults_of_a_family_climb_together(panel):
    conditions = panel("nominal", "both").conditions
    assert [str(fault.std) for fault in conditions["both-3"]] == ["2 % of range", "1 % of range"]
    assert [str(fault.std) for fault in conditions["both-5"]] == ["8 % of range", "4 % of range"]


def test_one_level_may_be_taken_alone(panel):
    assert list(panel("nominal", "slow-drive-3").conditions) == ["nominal", "slow-drive-3"]


def test_a_control_may_run_in_a_family(folder, panel):
    panel("nominal", "slow-drive", controls="{control: zero, conditions: [nominal, slow-drive]}")
    zero = next(control for control in load_manifest("mine.yaml").controls if control.control == "zero")
    assert zero.conditions == ("nominal", *(f"slow-drive-{level}" for level in range(1, 6)))


def test_a_level_and_its_value_written_out_are_one_panel(folder, edited):
    edited("shared.yaml", "probability: 60 %", "severity: 3")
    graded = load_manifest("mine.yaml").panel
    edited("shared.yaml", "severity: 3", "probability: 0.6")
    assert load_manifest("mine.yaml").panel.panel_id == graded.panel_id


def test_reports_can_tell_family_and_level(panel):
    conditions = panel("nominal", "slow-drive", "late", "drops").conditions
    found = rungs(conditions)
    assert found["slow-drive-4"] == Rung("slow-drive", 4)
    assert found["late-1"] == Rung("late", 1)
    assert set(found) == {name for name in conditions if name[-1].isdigit()}


def test_a_name_that_ends_in_a_number_is_no_family(panel):
    conditions = panel("nominal", "slow-drive-3", "noise").conditions
    assert rungs(conditions) == {}
    noise, drive = conditions["noise"], conditions["slow-drive-3"]
    assert rungs({"take-1": noise, "take-2": drive}) == {}
    assert rungs({"take-1": noise, "take-2": noise}) == {"take-1": Rung("take", 1), "take-2": Rung("take", 2)}


@pytest.mark.parametrize(
    ("ladders", "message"),
    [
        ("slow: {fault: action.rate_limitt}", r"ladders\.yaml:2: ladders\.slow.*did you mean 'action\.rate_limit'"),
        ("slow: {fault: action.rate_limit, severity: 2}", r"no 'severity': it is what climbs; got 2"),
        ("slow: {fault: action.rate_limit, rate: 1 m/s}", r"no 'rate': it is what climbs; got '1 m/s'"),
        ("slow: {fault: action.rate_limit, levels: []}", r"a list of values of 'rate', from mild to severe; got \[\]"),
        (
            "slow: {fault: action.rate_limit, levels: [5 cm]}",
            r"ladders\.slow.*in m/s, the unit of field 'target'; got '0.05 m'",
        ),
        ("slow: {fault: action.rate_limit, fieldd: tip}", r"ladders\.slow\.fieldd; got unknown key 'fieldd'"),
        (
            "slow:\n    - {fault: action.rate_limit}\n    - {fault: action.delay, levels: [1 s]}",
            r"ladders\.slow; expected as many `levels` in every line; got 5, 1",
        ),
        ("slow: []", r"expected as many `levels` in every line; got no line"),
        ("drops: {fault: action.rate_limit}", r"expected every name once; got one more 'drops'"),
    ],
)
def test_a_wrong_family_stops_with_one_line(panel, ladders, message):
    with pytest.raises(ManifestError, match=message) as caught:
        panel("nominal", "slow", ladders=f"ladders:\n  {ladders}\n")
    assert "\n" not in str(caught.value)


def test_a_condition_is_listed_once(panel):
    with pytest.raises(ManifestError, match="expected every condition once; got slow-drive-3 again"):
        panel("nominal", "slow-drive", "slow-drive-3")


def test_an_unknown_family_suggests_the_nearest(panel):
    with pytest.raises(ManifestError, match="did you mean 'slow-drive'"):
        panel("nominal", "slowdrive")
