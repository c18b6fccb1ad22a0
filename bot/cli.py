"""The command line; `baton --help` lists its commands."""

from __future__ import annotations

import json
import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.config import load
from bot.flow_commands import flow_app
from bot.shell import plain_errors as _plain_errors
from bot.shell import plain_files as _plain_files
from bot.shell import settings as _settings
from flows.lint.report import Format

if TYPE_CHECKING:
    from bot.people import Person
    from flows.lint import Problem

app = typer.Typer(
    name="baton",
    help="Runs a business's repeatable processes inside its chats.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
people_app = typer.Typer(
    help="Who works here: add people or import a list.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(people_app, name="people")
app.add_typer(flow_app, name="flow")


@app.command()
def serve(
    web_only: Annotated[bool, typer.Option(help="Only the web server; workers run elsewhere (PostgreSQL).")] = False,
) -> None:
    """Start the web server and the workers (both, unless told otherwise)."""
    from bot.serve import serve as run

    with _plain_errors():
        run(_settings(), workers=not web_only)


@app.command()
def work() -> None:
    """Start the workers only, beside web servers elsewhere (PostgreSQL)."""
    from bot.serve import work as run

    with _plain_errors():
        run(_settings())


class Picture(StrEnum):
    """How a flow is drawn."""

    MERMAID = "mermaid"
    SVG = "svg"


Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")]


@app.command()
def lint(
    paths: Annotated[list[Path], typer.Argument(help="Flow files or folders.")],
    format: Annotated[Format, typer.Option(help="For people, or for tools.")] = Format.TEXT,
    people: Annotated[bool, typer.Option("--people", help="Also name roles that nobody of this business holds.")] = False,
) -> None:
    """Check flow files: file:line:column, what is wrong, what to write instead; exit 1 when a file has errors."""
    from flows.lint import beside, problems_of_files
    from flows.lint.report import render
    from flows.loader import TEMPLATES

    with _plain_files():
        files = [f for path in paths for f in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
        texts = {str(file): file.read_bytes().decode("utf-8", errors="replace") for file in files}
        problems = problems_of_files(texts, beside(files, TEMPLATES)) + (_unstaffed(texts) if people else [])
    if report := render(problems, texts, format):
        typer.echo(report)
    typer.echo(f"{len(files)} checked, {len(problems)} problems", err=True)
    raise typer.Exit(1 if any(problem.error for problem in problems) else 0)


def _unstaffed(texts: dict[str, str]) -> list[Problem]:
    from bot.bootstrap import open_database
    from bot.clock import SystemClock
    from bot.staffing import unstaffed

    with _plain_errors():
        database = open_database(_settings(), beside=True)
        try:
            return unstaffed(database, texts, SystemClock().now())
        finally:
            database.close()


@app.command()
def templates(as_json: Annotated[bool, typer.Option("--json", help="One list of objects.")] = False) -> None:
    """The templates that ship: by industry, with their steps and documents."""
    from bot import library

    found = library.library()
    typer.echo(json.dumps(library.as_json(found), ensure_ascii=False, indent=2) if as_json else library.as_text(found))


@app.command()
def graph(
    flow: Annotated[str, typer.Argument(help="A flow file, or the name of a template.")],
    format: Annotated[Picture, typer.Option(help="Text for pages that draw Mermaid, or a picture.")] = Picture.MERMAID,
    output: Output = None,
) -> None:
    """Draw a flow: its steps with owner and due time, the ways through it, where it goes back and where it ends."""
    from flows.graph import graph_of, mermaid, svg
    from flows.loader import load, templates

    with _plain_errors(), _plain_files():
        drawn = graph_of(load(templates().get(flow) or Path(flow)))
        _write(svg(drawn) if format is Picture.SVG else mermaid(drawn), output)


@app.command()
def schema(output: Output = None) -> None:
    """The JSON Schema of flow files, for editors that complete and check while you type."""
    from flows.schema import schema_text

    with _plain_files():
        _write(schema_text(), output)


def _write(text: str, output: Path | None) -> None:
    """To the file, or to the terminal where there is none."""
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)


@people_app.command("add")
def people_add(
    name: Annotated[str, typer.Argument(help="Their name.")],
    role: Annotated[list[str] | None, typer.Option(help="A role; may be given several times.")] = None,
    whatsapp: Annotated[str, typer.Option(help="Phone number.")] = "",
    telegram: Annotated[str, typer.Option(help="Telegram user id.")] = "",
    email: Annotated[str, typer.Option(help="Mail address.")] = "",
    language: Annotated[str, typer.Option(help="Language code.")] = "en",
) -> None:
    """Add one person, or update the person who has that address."""
    from bot.people import person

    given = {"whatsapp": whatsapp, "telegram": telegram, "email": email}
    with _plain_errors():
        one = person(
            {"name": name, "roles": role or [], "language": language, "addresses": {k: v for k, v in given.items() if v}}
        )
        _store([one])


@people_app.command("import")
def people_import(file: Annotated[Path, typer.Argument(help="people.yaml or people.csv")]) -> None:
    """Import a list of people; nothing is stored unless all of it is right."""
    from bot.people import read

    with _plain_errors():
        _store(read(file))


@people_app.command("pin")
def people_pin(name: Annotated[str, typer.Argument(help="Their whole name.")]) -> None:
    """Set the PIN by which somebody proves a decision: typed twice here, by themselves, and shown nowhere."""
    from bot.bootstrap import open_database
    from bot.people import set_pin

    pin = typer.prompt(f"PIN of {name} (4 to 8 digits)", hide_input=True, confirmation_prompt=True)
    with _plain_errors():
        database = open_database(_settings(), beside=True)
        try:
            set_pin(database, name, pin)
        finally:
            database.close()
    typer.echo(f"The PIN of {name} is set.")


def _store(people: list[Person]) -> None:
    from bot.book import approving_roles
    from bot.bootstrap import open_database
    from bot.clock import SystemClock
    from bot.people import store, warnings

    settings = _settings()
    database = open_database(settings, beside=True)
    try:
        added, updated = store(database, people, SystemClock().now())
    finally:
        database.close()
    typer.echo(f"{added} added, {updated} updated")
    for warning in warnings(people, approving_roles(settings)):
        typer.echo(f"note: {warning}", err=True)


@app.command()
def chat(name: Annotated[str, typer.Option(help="Who you are; a new person where unknown.")] = "Guest") -> None:
    """A phone in the terminal: talk to your flows without any provider."""
    from bot.terminal import chat as run

    with _plain_errors():
        run(_settings(), name)


@app.command()
def audit(
    checkpoint: Annotated[Path | None, typer.Option(help="Write a checkpoint of all chains to this file.")] = None,
    against: Annotated[Path | None, typer.Option(help="Also verify against an earlier checkpoint file.")] = None,
) -> None:
    """Recompute every run's hash chain; exit 1 when something was changed."""
    from bot.auditing import audit as run

    with _plain_errors():
        problems, lines = run(_settings(), checkpoint, against)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(1 if problems else 0)


@app.command("test")
def rehearse(
    flow: Annotated[str, typer.Argument(help="A flow file, or the name of a template.")],
    transcripts: Annotated[list[Path] | None, typer.Argument(help="Transcripts; all beside the flow when left out.")] = None,
    cover: Annotated[bool, typer.Option(help="Fail where a step, choice or case is visited by none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Play a flow's transcripts: who says what, what they must get; exit 1 when one fails."""
    from bot.rehearsal.command import rehearse as run

    with _plain_errors():
        code = run(flow, transcripts or [], typer.echo, cover=cover, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def simulate(
    flow: Annotated[str, typer.Argument(help="A flow file, or the name of a template.")],
    values: Annotated[list[str] | None, typer.Option("--set", help="A value: amount=75000. May be given several times.")] = None,
    at: Annotated[str, typer.Option(help="When it begins: “2026-03-02 10:00”. Now when left out.")] = "",
    at_once: Annotated[bool, typer.Option(help="Everyone answers at once, rather than when it is due.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tell the way a run with these values would take: steps, people, due times, reminders. Nothing is created."""
    from bot.rehearsal.command import simulate as run

    with _plain_errors():
        code = run(flow, values or [], at, load(), typer.echo, at_once=at_once, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    seconds: Annotated[float, typer.Option(help="Length of each of the two phases.")] = 8.0,
    rate: Annotated[float, typer.Option(help="Messages a second in the latency phase.")] = 20.0,
    contacts: Annotated[int, typer.Option(help="People in the database.")] = 1000,
    older_runs: Annotated[int, typer.Option(help="Ended runs in the database.")] = 100_000,
    database_url: Annotated[str, typer.Option(help="PostgreSQL instead of SQLite.")] = "",
) -> None:
    """Measure whole approval runs through real webhooks on this machine."""
    from bot.bench import BenchFailed, Options, run

    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        report = run(Options(seconds=seconds, rate=rate, contacts=contacts, older_runs=older_runs, database_url=database_url))
    except BenchFailed as error:
        typer.echo(f"baton bench: no figure, because {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(report.as_json()) if as_json else report.as_text())


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    app()


if __name__ == "__main__":
    main()
