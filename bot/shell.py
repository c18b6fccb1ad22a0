"""What the commands of the command line share: settings, and expected problems in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bot.config import ConfigurationError, Settings, load


@contextmanager
def plain_errors() -> Iterator[None]:
    """Expected problems as one plain message and exit code 2, never a traceback."""
    from bot.people import PeopleError
    from channels.base import ConfigurationError as ChannelConfigurationError
    from flows import FlowError
    from storage import StorageError

    try:
        yield
    except (ConfigurationError, ChannelConfigurationError, PeopleError, FlowError, StorageError, ValueError) as error:
        typer.echo(f"baton: {error}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def plain_files() -> Iterator[None]:
    """The same for a file that cannot be read or written."""
    try:
        yield
    except OSError as error:
        typer.echo(f"baton: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def settings() -> Settings:
    """Those in force; with the simulator's where it is on."""
    found = load()
    if found.simulated:
        from bot.simulator import prepare

        return prepare(found)
    return found
