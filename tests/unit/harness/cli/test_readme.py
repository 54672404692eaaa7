"""Every command that the README shows is one that the command line understands."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from harness.cli.app import app

TEXT = (Path(__file__).parents[4] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
LINES = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
TARGETS = re.findall(
    r"^(\w+):", (Path(__file__).parents[4] / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
)


def words(line):
    return shlex.split(line, comments=True)


@pytest.mark.parametrize("line", [line for line in LINES if words(line)[0] == "samepanel"])
def test_a_command_of_the_readme_is_understood(line):
    _, verb, *arguments = words(line)
    command = typer.main.get_command(app).commands[verb]
    with command.make_context(verb, list(arguments)) as context:
        assert context.params


def test_the_other_commands_of_the_readme_are_targets_of_the_makefile():
    others = [words(line) for line in LINES if words(line)[0] != "samepanel"]
    assert others
    assert all(first == "make" and target in TARGETS for first, target, *_ in others), others


def test_every_verb_is_in_the_readme():
    verbs = set(typer.main.get_command(app).commands)
    assert verbs == {name for name in verbs if f"samepanel {name}" in TEXT}
