"""The command line: arguments, help, exit codes; a module a command.

What a command needs is imported when it runs, and the command itself when it is asked for, so that
help and small commands start at once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

import reconciler
from reconciler.cli import commands, options


class _Commands(click.Group):
    """Says why there is no answer, and where more is said: on standard error, exit code 2."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with _written():  # --help and --version
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):
            ctx.color = False  # and so in the command's own context
        with _written():
            return self._answered(ctx)

    def _answered(self, ctx: click.Context) -> Any:
        from reconciler.model import errors

        try:
            return super().invoke(ctx)
        except errors.ReconcilerError as error:
            click.echo(f"reconciler: {error}", err=True)
            if not isinstance(error, errors.UsageError):  # which says what to give in its place
                click.echo(click.style(f"more: {error.entry}", dim=True), err=True)
            ctx.exit(options.NO_ANSWER)
        except KeyboardInterrupt:
            click.echo("reconciler: interrupted", err=True)
            ctx.exit(options.INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line a command, from the table alone: importing them all would take longer."""
        width = max(map(len, commands.TABLE)) + 6
        room = max(formatter.width - width, 20)
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _shortened(line, room)) for name, line in commands.TABLE.items()]
            )


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextlib.contextmanager
def _written() -> Iterator[None]:
    """What is printed in here comes to an end, too, where nobody takes it: exit code 141, in
    silence, where the reader went (``| head``), as of other tools, and 2 where a disk is full."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.EPIPE, *_FULL):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with contextlib.suppress(OSError):
            os.dup2(nowhere, sys.stdout.fileno())  # what is held back yet
        if error.errno == errno.EPIPE:
            sys.exit(options.UNREAD)
        with contextlib.suppress(OSError):  # where standard error is on that disk as well
            click.echo(f"reconciler: the answer cannot be written: {error.strerror}", err=True)
        sys.exit(options.NO_ANSWER)


def _shortened(line: str, room: int) -> str:
    """As many words as there is room for."""
    if len(line) <= room:
        return line
    return line[: room - 3].rpartition(" ")[0] + "..."


@click.group(
    cls=_Commands,
    commands=commands.Commands(),
    epilog=options.EXIT,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(reconciler.__version__, prog_name="reconciler")
def main() -> None:
    """Event-driven GitOps for fleets of small, independent Kubernetes clusters.

    An agent on each cluster follows a Git fleet repository, applies its site's overlay, heals
    drift, keeps going offline, and reports as Git notes.

    \b
    A look at it:  reconciler demo
    A new fleet:   reconciler init DIR
    A new site:    reconciler site add REGION/SITE
                   reconciler bootstrap REGION/SITE --repo URL --image REF --apply
    On site:       reconciler run --repo URL --site REGION/SITE
    At a desk:     reconciler validate            every site renders and passes
                   reconciler render FOLDER       what kustomize build prints
                   reconciler status --repo URL   the state of all sites, from their notes
    """
