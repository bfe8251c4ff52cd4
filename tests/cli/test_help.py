"""What `rj --help` and the help of its groups say of each command."""

import pytest
from typer.testing import CliRunner

from starter import app


@pytest.mark.parametrize("group", [(), ("staff",), ("keys",), ("policy",)])
def test_help_says_the_whole_sentence_of_each_command(group: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80"})
    assert said.exit_code == 0, said.output
    commands = said.output.partition("Commands:\n")[2].splitlines()
    assert commands
    assert not [line for line in commands if line.rstrip().endswith("...")]
    assert commands[-1].endswith(".")
