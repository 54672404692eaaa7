"""What a person is told: the headline, the caveats, the Markdown."""

import json

import pytest
from fakes.outcomes import artifact

from harness.errors import UnknownIdError
from harness.reports.comparison import Rules
from harness.reports.findings import Question, investigate
from harness.reports.headline import best, broke, caveats, warnings
from harness.reports.markdown import comparison_markdown

GOOD, POOR = [True] * 38 + [False] * 2, [False] * 30 + [True] * 10


def findings(policies, before=None, question=None, **stored):
    baseline = None if before is None else artifact("old.parquet", before)
    return investigate([artifact("new.parquet", policies, **stored)], baseline, question or Question())


def test_a_clear_leader_is_called_best():
    found = findings({"b-s0": POOR, "a-s0": GOOD})
    assert best(found).startswith("best: a-s0, success 0.95 (0.")
    assert best(found).endswith("better than b-s0")


def test_a_lead_without_evidence_is_not_called_best():
    found = findings({"a-s0": GOOD, "b-s0": GOOD[::-1], "c-s0": POOR})
    said = best(found)
    assert said.startswith("best: not settled; a-s0")
    assert "better than c-s0; not told apart from b-s0 (" in said
    assert "more pairs)" in said
    assert "no difference" not in comparison_markdown(found)


def test_equivalence_is_said_with_its_margin():
    found = findings({"a-s0": GOOD * 10, "b-s0": GOOD * 10}, question=Question(rules=Rules(margin=0.1)))
    assert "equivalent within 0.1 to b-s0" in best(found)


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ({"a-s0": GOOD}, "nobody to compare with a-s0"),
        ({"a-s0": [None] * 4, "b-s0": [None] * 4}, "no episode of a policy is scored"),
        ({}, "no episode of a policy is scored"),
    ],
)
def test_where_there_is_nothing_to_compare_it_is_said(policies, said):
    assert said in best(findings(policies))


def test_a_policy_without_a_score_keeps_the_leader_from_being_best():
    found = findings({"a-s0": GOOD, "b-s0": POOR, "c-s0": [None] * 40})
    assert best(found).startswith("best: not settled; a-s0")
    assert any("a-s0 and c-s0, overall: 40 worlds with an error" in line for line in caveats(found))


def test_an_invalid_run_ranks_nothing_wherever_it_is():
    found = findings({"a-s0": GOOD, "b-s0": POOR}, valid=False)
    assert warnings(found) == [
        "INVALID: controls of new.parquet left their band (zero on push/heldout 3/10, band 0.00-0.05). "
        "What follows ranks nothing."
    ]
    assert best(found).startswith("best: unknown, as the run is invalid")
    old = artifact("old.parquet", {"a-s0": GOOD}, valid=False)
    assert warnings(investigate([artifact("new.parquet", {"a-s0": GOOD})], old, Question()))


def test_a_run_without_controls_is_not_called_valid():
    assert "nobody knows whether the run is valid" in caveats(findings({"a-s0": GOOD}, checks=[]))[0]


def test_checkpoints_are_not_called_methods():
    assert "speaks of these checkpoints, not of methods" in caveats(findings({"a-s0": GOOD}))[0]
    seeds = {f"{method}-s{k}": GOOD for method in "ab" for k in range(3)}
    assert caveats(findings(seeds)) == []
    assert "Fewer than 3 training seeds" in caveats(findings(seeds | {"c-s0": GOOD}))[0]


def test_what_broke_comes_with_its_size_and_what_did_not_with_its_doubt():
    assert "name an earlier artifact with --baseline" in broke(findings({"a-s0": GOOD}).since)
    worse = findings({"a-s0": POOR, "b-s0": POOR}, {"a-s0": GOOD, "b-s0": POOR})
    assert "2 significant regressions: a-s0 overall -0.70, a-s0 push/heldout -0.70" in broke(worse.since)
    same = findings({"a-s0": GOOD}, {"a-s0": GOOD})
    assert "every scored episode ended as before" in broke(same.since)
    assert "2 of 2 inconclusive, so this is no proof" in broke(same.since)
    errors = findings({"a-s0": [None] * 40}, {"a-s0": GOOD})
    assert "unknown, no pair is scored" in broke(errors.since)


def test_policies_that_came_or_went_are_named():
    found = findings({"a-s0": GOOD, "new-s0": GOOD}, {"a-s0": GOOD, "gone-s0": GOOD})
    assert {"Only in old: gone-s0.", "Not in old: new-s0."} <= set(caveats(found))
    with pytest.raises(UnknownIdError, match=r"old\.parquet; expected one of the policies x-s0; got a-s0"):
        findings({"x-s0": GOOD}, {"a-s0": GOOD})


def test_different_parts_of_the_panel_are_said():
    found = findings({"a-s0": GOOD, "b-s0": GOOD[:10]})
    assert found.overall[0].missing == 30
    assert any("different parts of the panel" in line for line in caveats(found))


def test_the_document_is_strict_json_whatever_is_not_known():
    found = findings({"a-s0": [True] * 9, "b-s0": [True] * 9, "c-s0": [None] * 9}, {"a-s0": [True] * 9})
    told = json.loads(json.dumps(found.document(), allow_nan=False))
    assert told["overall"][0]["table"]["phi"] is None
    assert told["standings"][-1]["success"] is None
    assert told["since"]["baseline"]["valid"] is True


def test_markdown_has_every_flip_and_survives_names_with_bars():
    found = findings({"a|b-s0": POOR, "c-s0": GOOD}, {"a|b-s0": GOOD})
    text = comparison_markdown(found)
    assert text == comparison_markdown(found)
    assert text.count("samepanel replay new.parquet") == len(found.since.flips) == 32
    assert "| a\\|b-s0 | push/heldout | nominal | 0 | 0 | success | failure |" in text
    widths = {
        block.split("\n")[0]: {line.replace("\\|", "").count("|") for line in block.split("\n")}
        for block in text.split("\n\n")
        if block.startswith("|")
    }
    assert all(len(found) == 1 for found in widths.values())
