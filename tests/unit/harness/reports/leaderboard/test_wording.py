"""Names and numbers on a page."""

import pytest

from harness.reports.leaderboard.wording import environment, file_name
from harness.statistics.intervals import Interval
from harness.statistics.multiplicity import RankInterval


def render(text, **names):
    return environment().from_string(text).render(**names)


def test_everything_from_an_artifact_is_escaped():
    assert render("{{ name }}", name="<script>&") == "&lt;script&gt;&amp;"
    assert render("{{ name | soft }}", name="<b>a.b_c/d") == "&lt;b&gt;a.<wbr>b_<wbr>c/<wbr>d"
    assert "<img" not in render("{{ name | md }}", name="<img src=x>").replace("\\<", "")


def test_numbers_read_as_numbers():
    assert render("{{ x | signed }}", x=-0.125) == "\N{MINUS SIGN}0.12"
    assert [render("{{ x | signed }}", x=x) for x in (-0.0, 0.001, 0.5)] == ["0.00", "0.00", "+0.50"]
    assert render("{{ x | between }}", x=Interval(0.5, 0.25, 0.75)) == "0.25\N{EN DASH}0.75"
    assert render("{{ x | ranks }}", x=RankInterval(1, 3)) == "1\N{EN DASH}3"
    assert render("{{ x | ranks }}", x=RankInterval(2, 2)) == "2"
    assert render("{{ x | number }}|{{ x | percent }}", x=None) == "|"


@pytest.mark.parametrize("name", ["../../etc", "a/b", ".hidden", "ä", "x" * 300, "", "a b", "-rf"])
def test_a_file_name_stays_inside_its_folder(name):
    safe = file_name(name)
    assert "/" not in safe and not safe.startswith(".") and len(safe) < 100


def test_different_names_are_different_files():
    assert file_name("act-s0") == "act-s0"
    assert len({file_name(name) for name in ("a/b", "a-b", "a b", "a:b")}) == 4
