"""The command line: light where it lists, one line where a person can repair something, and honest tables."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from fakes.scenario import MANIFEST, POLICIES, environment, write_manifest

from harness import registry
from harness.artifact.schema import COLUMNS
from harness.cli import main
from harness.cli.screen import console
from harness.faults import catalogue


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(item) for item in arguments])
    return left.value.code


def complaint(capsys, *arguments):
    """Run a verb that must end with code 2 and one line on stderr."""
    assert call(*arguments) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert said[-1].startswith("error: ")
    assert sum("error: " in line for line in said) == 1
    assert "Traceback" not in "".join(said)
    return said[-1]


LIGHT = [
    ["--help"],
    ["--version"],
    ["run", "--help"],
    ["list", "tasks"],
    ["list", "policies", "--json"],
    ["list", "faults"],
    ["list", "conditions"],
    ["schema"],
    ["schema", "--manifest"],
]
PROBE = """
import sys
from harness.cli import main
from harness.cli.screen import console
from harness.faults import catalogue
try:
    main(sys.argv[1:])
except SystemExit as left:
    assert not left.code, left.code
heavy = [name for name in ("torch", "mujoco", "robomimic", "gymnasium") if name in sys.modules]
sys.exit(f"imports {heavy}" if heavy else 0)
"""


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_listing_and_help_import_neither_torch_nor_mujoco(arguments):
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 5


def test_lists_say_what_there_is(plugins, capsys):
    assert call("list", "tasks", "--json") == 0
    tasks = {row["task"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"fake-v1", "pusht-v1", "transfer-cube-v1"} <= set(tasks)
    assert tasks["fake-v1"]["rate"] == "10 Hz"
    assert call("list", "policies", "--json") == 0
    policies = json.loads(capsys.readouterr().out)
    assert {"act", "diffusion", "vqbet", "bc"} <= {row["method"] for row in policies}
    assert {"zero", "expert"} <= {row["policy"] for row in policies if row["kind"] == "control"}
    assert call("list", "faults", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == len(catalogue.ids())


def test_the_table_of_faults_fits_a_terminal_and_breaks_no_name(capsys, monkeypatch):
    monkeypatch.setattr(console, "_width", 80)
    assert call("list", "faults") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert set(catalogue.ids()) <= {line.split()[0] for line in lines if line.strip()}
    assert len(lines) < 4 * len(catalogue.ids())


def test_one_fault_is_told_with_its_parameters_and_levels(capsys):
    assert call("list", "faults", "action.rate_limit") == 0
    told = " ".join(capsys.readouterr().out.split())
    for part in ("brings down control", "window optional", "rate", "severity sets rate: 300 % of range/s | 150 % of"):
        assert part in told
    assert "[low, high] draws one uniformly" in said_of(capsys, "dynamics.scale")
    assert "did you mean 'action.rate_limit'" in complaint(capsys, "list", "faults", "action.ratelimit")


def test_a_task_is_listed_with_its_contract(capsys, monkeypatch):
    monkeypatch.setattr(console, "width", 80)
    assert call("list", "tasks", "transfer-cube-v1") == 0
    said = capsys.readouterr().out
    assert "ALOHA: two ViperX 300 S arms" in said
    assert "left_joints" in said and "rad" in said
    assert "0.74 to 0.8" in said


def test_no_id_of_a_task_is_cut_at_80_columns(capsys, monkeypatch):
    monkeypatch.setattr(console, "width", 80)
    assert call("list", "tasks") == 0
    said = capsys.readouterr().out
    assert all(f" {name} " in said for name in registry.ids("tasks"))


def test_all_faults_are_told_at_length(capsys):
    assert call("list", "faults", "--long") == 0
    told = capsys.readouterr().out
    assert told.count("severity") >= len(catalogue.ids())


def said_of(capsys, fault):
    assert call("list", "faults", fault) == 0
    return " ".join(capsys.readouterr().out.split())


def test_the_schema_lists_every_column(capsys):
    assert call("schema") == 0
    printed = capsys.readouterr().out
    assert all(column.name in printed for column in COLUMNS)


def test_nothing_and_nonsense_are_usage_errors(capsys):
    assert call() == 2
    assert call("fly") == 2
    assert call("run", "smoke", "--lanes", "0") == 2


@pytest.fixture
def manifest(plugins, tmp_path):
    return write_manifest(tmp_path)


def test_a_run_prints_its_summary_and_a_second_one_has_nothing_to_do(manifest, tmp_path, capsys):
    out = tmp_path / "out.parquet"
    assert call("run", manifest, "--out", out, "--lanes", "5", "--threads", "1") in (0, None)
    first = capsys.readouterr()
    assert "60 of 60 episodes run" in first.err.replace("\n", " ")
    assert "fake-v1/heldout" in first.out
    assert call("run", manifest, "--out", out) in (0, None)
    second = capsys.readouterr()
    assert "was complete: nothing to run" in second.err.replace("\n", " ")
    assert second.out == first.out


def test_validate_and_train_run_nothing(manifest, tmp_path, capsys):
    assert call("validate", manifest) == 0
    assert "60 episodes, 3 checkpoints" in capsys.readouterr().out.replace("\n", " ")
    assert call("train", manifest, "--threads", "1") == 0
    assert "noisy-s1 on fake-v1" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "shared.yaml"]


def test_show_is_for_people_and_machines(fake_artifact, capsys):
    assert call("show", fake_artifact) == 0
    printed = capsys.readouterr().out
    assert "60 episodes, 0 errors" in printed
    assert "steady-s0" in printed
    assert call("show", fake_artifact, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["cells"]) == 3 * 4 + 4 + 4


def test_demos_records_a_data_set(plugins, tmp_path, capsys):
    assert call("demos", "fake-v1", "--out", tmp_path / "set", "--threads", "1") == 0
    assert "12 demonstrations" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "set/meta/info.json").is_file()


def test_bench_accounts_for_the_time(manifest, capsys):
    assert call("bench", manifest, "--threads", "1", "--lanes", "4") == 0
    printed = capsys.readouterr().out
    assert "engine efficiency" in printed
    assert "one lane" in printed
    assert "60 (" in printed  # episodes of the manifest
    assert "20 (" in printed  # those of the first of its three scenes


def test_bench_says_what_drawing_only_what_is_seen_saves(tmp_path, plugins, capsys):
    policies = {"looking": {"method": "fake", "recipe": {"kind": "looking"}, "execution": {"execute": 4}}}
    head, controls = (
        MANIFEST.split("controls:\n")[0].split("policies:\n")[0],
        "run: {lanes: 4, threads: 1, device: cpu}",
    )
    text = head + "policies:\n  - {policy: looking, seeds: [0]}\n" + controls
    assert call("bench", write_manifest(tmp_path, text=text, policies=policies), "--threads", "1") == 0
    printed = capsys.readouterr().out
    assert "every step drawn" in printed
    fewer = float(re.search(r"seen: ([0-9.]+) times fewer pictures", printed)[1])
    assert 1.5 < fewer <= 4.0


def test_render_writes_a_video_and_a_sheet(fake_artifact, plugins, tmp_path, capsys):
    episode = json.loads(_first(fake_artifact))
    out = tmp_path / "video.mp4"
    assert call("render", fake_artifact, episode, "--out", out) == 0
    assert out.read_bytes()[4:8] == b"ftyp"
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert "after" in capsys.readouterr().out
    assert "did you mean 'side'" in complaint(capsys, "render", fake_artifact, episode, "--camera", "sied")


def _first(path):
    import pyarrow.parquet as pq  # noqa: PLC0415 -- only here

    return json.dumps(pq.read_table(path, columns=["episode"])["episode"][0].as_py())


TYPOS = {
    "key": ("replicates", ("conditions: [nominal, drops", "conditons: [nominal, drops"), "conditons"),
    "task": ("task", ("task: fake-v1", "task: fake-v2"), "did you mean 'fake-v1'"),
    "policy": ("policy", ("policy: steady", "policy: stedy"), "did you mean 'steady'"),
    "control": ("control", ("control: zero", "control: zeros"), "did you mean 'zero'"),
    "condition": ("condition", ("drops, slow", "drop, slow"), "did you mean 'drops'"),
    "yaml": ("yaml", ("seed: 5", "seed: ["), "expected"),
}


@pytest.mark.parametrize("verb", ["run", "validate", "train", "bench"])
@pytest.mark.parametrize(("_", "change", "words"), TYPOS.values(), ids=TYPOS)
def test_a_typo_in_a_manifest(manifest, capsys, verb, _, change, words):
    assert change[0] in MANIFEST
    manifest.write_text(MANIFEST.replace(*change, 1))
    line = complaint(capsys, verb, manifest)
    assert words in line
    assert "mine.yaml:" in line


def test_an_unknown_manifest_or_task(capsys, plugins):
    assert "did you mean 'smoke'" in complaint(capsys, "run", "smok")
    assert "did you mean 'fake-v1'" in complaint(capsys, "demos", "fake-v2")


def test_a_missing_and_a_corrupted_data_set(manifest, workplace, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAMEPANEL_FAKE_DEMONSTRATIONS", str(tmp_path / "nowhere"))
    assert "no meta/info.json" in complaint(capsys, "run", manifest, "--out", tmp_path / "out.parquet")
    copy = tmp_path / "copy"
    shutil.copytree(workplace / "demonstrations", copy)
    data = copy / "data/chunk-000/file-000.parquet"
    data.write_bytes(data.read_bytes()[:500])
    monkeypatch.setenv("SAMEPANEL_FAKE_DEMONSTRATIONS", str(copy))
    for verb in ("run", "validate"):
        assert "damaged parquet" in complaint(capsys, verb, manifest)


def test_an_output_that_is_something_else(manifest, tmp_path, capsys):
    out = tmp_path / "notes.txt"
    out.write_text("precious")
    assert "--overwrite" in complaint(capsys, "run", manifest, "--out", out)
    assert out.read_text() == "precious"
    assert "a file of something else" in complaint(capsys, "run", manifest, "--out", tmp_path)


def test_an_output_that_cannot_be_written(manifest, fake_artifact, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert "a place to write" in complaint(capsys, "run", manifest, "--out", tmp_path / "file" / "out.parquet")
    episode = json.loads(_first(fake_artifact))
    assert "nowhere" in complaint(capsys, "render", fake_artifact, episode, "--out", tmp_path / "nowhere" / "v.mp4")
    assert "file" in complaint(capsys, "demos", "fake-v1", "--out", tmp_path / "file" / "set", "--threads", "1")


@pytest.mark.parametrize("verb", [["show"], ["show", "--json"], ["render", "--"]])
def test_an_artifact_that_cannot_be_read(fake_artifact, tmp_path, capsys, verb):
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(fake_artifact.read_bytes()[:5000])
    episode = ["0"] if verb[0] == "render" else []
    assert "whole parquet file" in complaint(capsys, *verb, cut, *episode)
    assert "no such file" in complaint(capsys, *verb, tmp_path / "gone.parquet", *episode)


def test_an_unknown_episode(fake_artifact, plugins, capsys):
    assert "'zzz' is unknown" in complaint(capsys, "render", fake_artifact, "zzz")


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.cli.running.run_manifest", interrupted)
    assert call("run", "smoke") in (2, 130)
    assert "Traceback" not in capsys.readouterr().err


def test_a_failed_training_is_one_line(plugins, tmp_path, capsys):
    policies = POLICIES | {"steady": {"method": "fake", "recipe": {"training": "repairable"}, "execution": {}}}
    policies["steady"]["execution"] = {"execute": 1}
    path = write_manifest(tmp_path, policies=policies)
    assert "expected patience" in complaint(capsys, "train", path, "--threads", "1")
