"""Law 10: a run whose controls leave their band is marked invalid."""

import json

import pyarrow.parquet as pq
import pytest
from fakes.scenario import run_manifest, write_manifest

from harness.cli import main
from harness.cli.tables import summary_json

MANIFEST = """\
schema: samepanel/manifest/v1
name: banded
seed: 5
include: [shared.yaml]
panel:
  tasks: [{{task: fake-v1, split: heldout, scenes: 3}}]
  conditions: [nominal, bias]
controls: {controls}
bands: {bands}
run: {{lanes: 4, threads: 1, device: cpu}}
"""
USUAL = "[{control: zero}, {control: expert, conditions: all}]"


@pytest.fixture
def run(plugins, tmp_path):
    def go(bands="{}", controls=USUAL):
        out = tmp_path / "banded.parquet"
        run_manifest(
            write_manifest(tmp_path, text=MANIFEST.format(bands=bands, controls=controls)), out, overwrite=True
        )
        return out

    return go


def test_controls_in_their_bands_make_a_valid_run(run, capsys):
    out = run()
    assert summary_json(out)["valid"]
    main_show(out)
    assert "valid: expert 3/3, zero 0/3" in capsys.readouterr().out


@pytest.mark.parametrize("bands", ["{zero: [0.5, 1.0]}", "{expert: [0.0, 0.5]}", "{zero: [0.0, 0.0], expert: [0, 0]}"])
def test_a_control_out_of_its_band_marks_the_run_invalid(run, capsys, bands):
    out = run(bands)
    assert not json.loads(pq.read_metadata(out).metadata[b"samepanel.controls"])["valid"]
    main_show(out)
    printed = capsys.readouterr().out
    assert "invalid: controls left their band" in printed
    assert "banded" in printed


def test_the_bands_themselves_are_in_band(run):
    assert summary_json(run("{zero: [0.0, 0.0], expert: [1.0, 1.0]}"))["valid"]


def test_only_nominal_counts(run):
    out = run()
    [check] = [item for item in summary_json(out)["controls"] if item["control"] == "expert"]
    assert check["scored"] == 3


def test_without_controls_the_validity_is_unknown(run, capsys):
    out = run(controls="[{control: replay}]")
    main_show(out)
    assert "validity unknown" in capsys.readouterr().out


def test_changed_bands_are_not_answered_by_the_old_artifact(plugins, tmp_path):
    out = tmp_path / "banded.parquet"
    path = write_manifest(tmp_path, text=MANIFEST.format(bands="{}", controls=USUAL))
    run_manifest(path, out)
    path.write_text(MANIFEST.format(bands="{zero: [0.5, 1.0]}", controls=USUAL))
    try:
        run_manifest(path, out)
    except Exception as error:
        assert "--overwrite" in str(error)
    else:
        assert not summary_json(out)["valid"]


def main_show(out):
    with pytest.raises(SystemExit) as left:
        main(["show", str(out)])
    assert left.value.code == 0
