"""What groups of commands share."""

import typer


def help_unless_command(context: typer.Context) -> None:
    """The help of a group that was called without one of its commands: wrong usage."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)
