from dataclasses import dataclass, field
from typing import Annotated

import typer
from typer.testing import CliRunner

from streams.cli.options.groups import with_option_groups


@dataclass(frozen=True, kw_only=True)
class Sides:
    width: Annotated[int, typer.Option(help="In metres.")]
    names: Annotated[list[str], typer.Option("--name", help="Several times.")] = field(default_factory=list)


def test_the_fields_of_a_group_are_options_and_the_command_gets_the_group() -> None:
    taken: list[object] = []
    app = typer.Typer()

    @app.command()
    @with_option_groups
    def command(
        first: Annotated[str, typer.Argument()], *, last: Annotated[int, typer.Option()] = 7, sides: Sides
    ) -> None:
        """A command."""
        taken.extend((first, last, sides))

    runner = CliRunner()
    assert runner.invoke(app, ["x", "--width", "3", "--name", "a", "--name", "b"]).exit_code == 0
    assert taken == ["x", 7, Sides(width=3, names=["a", "b"])]
    assert runner.invoke(app, ["x", "--width", "3"]).exit_code == 0
    assert taken[-1] == Sides(width=3)
    missing = runner.invoke(app, ["x"])
    assert missing.exit_code == 2
    assert "--width" in missing.output
    assert "In metres." in runner.invoke(app, ["--help"]).output
