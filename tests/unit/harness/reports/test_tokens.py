"""Codes read off an artifact: whose, under which condition, and one episode a scene."""

from dataclasses import replace

import pytest
from fakes.forgery import forge

from harness.artifact.reader import open_artifact
from harness.errors import ArtifactError
from harness.reports.tokens import codes_over

BAD, GOOD = [[7, 1], [9, 1], [7, 1]], [[7, 1], [7, 2]]


@pytest.fixture
def read(fake_artifact, tmp_path):
    """The fake artifact, in which `noisy-s0` chooses codes, on more scenes than it has: scenes 0 to 4 fail."""

    def call(scenes=12, failing=5, copies=1):
        def rows(found):
            known = next(row for row in found if row["policy"] == "noisy-s0" and row["condition"] == "nominal")
            found[:] = [row for row in found if row["policy"] != "noisy-s0"]
            for number in range(scenes * copies):
                failed = number // copies < failing
                own = {"episode": f"e{number}", "scene": number // copies, "replicate": number % copies}
                outcome = {"success": not failed, "outcome": "failure" if failed else "success"}
                found.append(known | own | outcome | {"tokens": BAD if failed else GOOD})
            found.append(known | {"episode": "drops", "condition": "drops", "tokens": [[1, 1]]})
            found.append(known | {"episode": "error", "scene": 99, "success": None, "outcome": "error", "tokens": BAD})
            found.append(known | {"episode": "probe", "scene": 98, "purpose": "probe", "tokens": BAD})

        return codes_over(open_artifact(forge(fake_artifact, tmp_path / "forged.parquet", rows=rows)))

    return call


def test_only_scored_nominal_episodes_of_policies_with_codes_count(read):
    [found] = read()
    assert (found.policy, found.task, found.episodes, found.queries) == ("noisy-s0", "fake-v1/heldout", 12, 2)
    assert found.switching[0].rate == pytest.approx(10 / 17)
    assert [(item.layer, item.code) for item in found.significant] == [(1, 9)]
    assert (found.significant[0].failed, found.significant[0].solved_of) == (5, 7)


def test_replicates_of_a_scene_are_no_further_evidence(read):
    [once], [often] = read(), read(copies=4)
    assert (often.episodes, often.suspects) == (48, once.suspects)


def test_without_failures_there_is_switching_and_nothing_to_suspect(read):
    [found] = read(failing=0)
    assert (found.queries, found.suspects, found.significant) == (0, (), ())
    assert [layer.rate for layer in found.switching] == [0.0, 1.0]


def test_a_damaged_file_is_named(fake_artifact, tmp_path):
    artifact = open_artifact(fake_artifact)
    broken = bytearray(fake_artifact.read_bytes())
    broken[4 : len(broken) // 2] = bytes(len(broken) // 2 - 4)
    (tmp_path / "broken.parquet").write_bytes(bytes(broken))
    with pytest.raises(ArtifactError, match="a whole parquet file"):
        codes_over(replace(artifact, path=tmp_path / "broken.parquet"))


def test_policies_without_codes_have_nothing_to_tell(fake_artifact):
    assert codes_over(open_artifact(fake_artifact)) == []
