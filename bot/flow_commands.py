"""`baton flow ...`: bringing flows into force, and the runs that are under way along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.shell import plain_errors, plain_files, settings

flow_app = typer.Typer(
    help="Flows in force: publish one, and move runs to another version.", no_args_is_help=True, pretty_exceptions_enable=False
)


@flow_app.command("publish")
def flow_publish(file: Annotated[Path, typer.Argument(help="The flow file.")]) -> None:
    """Play a flow's transcripts and publish it, with the flows that it starts; exit 1, and nothing changed, where one fails."""
    from bot.publishing import publish

    with plain_errors(), plain_files():
        code = publish(file, settings(), typer.echo)
    raise typer.Exit(code)


@flow_app.command("move")
def flow_move(
    flow: Annotated[str, typer.Argument(help="The flow's id.")],
    to: Annotated[int | None, typer.Option(help="The version to move to; the newest when left out.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Move the runs that can. Without it nothing changes.")] = False,
    by: Annotated[str, typer.Option(help="The manager in whose name; Baton itself when left out.")] = "",
) -> None:
    """Tell of each open run whether it stays, can move to another version of its flow, or cannot, and because of which step."""
    from bot.moving import move

    with plain_errors():
        code = move(settings(), flow, to, typer.echo, apply=apply, by=by)
    raise typer.Exit(code)


@flow_app.command("use")
def flow_use(name: Annotated[str, typer.Argument(help="A template, as `baton templates` names it.")]) -> None:
    """Copy a template with its transcripts into the business's own folder, to be changed there and started from there."""
    from bot.library import adopt

    with plain_errors(), plain_files():
        copy = adopt(name, settings())
        typer.echo(f"{copy} is yours. Change it, try it with `baton test {copy}`, then start Baton again.")


@flow_app.command("start")
def flow_start(
    flow: Annotated[str, typer.Argument(help="The flow's id.")],
    table: Annotated[Path, typer.Option("--from", help="A CSV file: a heading that names fields, then a run a row.")],
    by: Annotated[str, typer.Option(help="In whose name: their whole name, as in the people list.")],
) -> None:
    """Start a run for each row of a table, such as a list of fees that are due; rows like one begun before are left out."""
    from bot.starting import start

    with plain_errors(), plain_files():
        code = start(flow, table, by, settings(), typer.echo)
    raise typer.Exit(code)
