"""The demo's lines on a terminal, with a board of the sites below them; or plain, anywhere else.

Of the program, this module alone imports Rich.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.app.demo.screen import Kind, Line, Row, Screen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

_SITE = 14  # columns for a site's name

# What stands before a line's text.
_MARKS: Mapping[Kind, str] = {
    Kind.TITLE: "",
    Kind.TEXT: "   ",
    Kind.SHELL: "   $ ",
    Kind.HAND: "   ! ",
    Kind.FILE: "     ",
    Kind.REMOVED: "     ",
    Kind.ADDED: "     ",
    Kind.DONE: "   ok ",
    Kind.OUTPUT: "   ",
    Kind.FAILED: "   NOT TRUE: ",
}
_STYLES: Mapping[Kind, str] = {
    Kind.TITLE: "bold",
    Kind.TEXT: "default",
    Kind.SHELL: "bold cyan",
    Kind.HAND: "bold yellow",
    Kind.FILE: "dim",
    Kind.REMOVED: "red",
    Kind.ADDED: "green",
    Kind.DONE: "default",
    Kind.OUTPUT: "default",
    Kind.FAILED: "bold red",
}
_MARKED: Mapping[Kind, str] = {Kind.DONE: "bold green"}  # the mark alone
_STATES: Mapping[str, str] = {"Synced": "green", "Progressing": "yellow", "Drifted": "yellow"}


def words(line: Line) -> str:
    """A line as plain text, its mark left out."""
    return f"{line.site.ljust(_SITE)} {line.text}" if line.site else line.text


class Plain:
    """Lines, as they come."""

    def tell(self, line: Line) -> None:
        gap = "\n" if line.kind is Kind.TITLE else ""
        click.echo(f"{gap}{_MARKS[line.kind]}{words(line)}")

    def board(self, rows: Sequence[Row]) -> None:
        """A board that cannot change in place is not shown."""

    def ask(self, question: str) -> bool:
        return _ask(question)


class Lines:
    """Lines in colours on a console of Rich's."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def tell(self, line: Line) -> None:
        if line.kind is Kind.TITLE:
            self.console.print()
        self.console.print(_styled(line))

    def board(self, rows: Sequence[Row]) -> None:
        """See Board."""

    def ask(self, question: str) -> bool:
        return _ask(question)


class Board(Lines):
    """Lines, and below them the sites as they are now."""

    def __init__(self, live: Live) -> None:
        super().__init__(live.console)
        self._live = live
        self._shown: Sequence[Row] = ()

    def board(self, rows: Sequence[Row]) -> None:
        if rows != self._shown:
            self._shown = rows
            self._live.update(table(rows), refresh=True)

    def ask(self, question: str) -> bool:
        self._live.stop()
        return super().ask(question)


@contextlib.contextmanager
def plain() -> Iterator[Screen]:
    yield Plain()


@contextlib.contextmanager
def live() -> Iterator[Screen]:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as shown:
        yield Board(shown)


def _ask(question: str) -> bool:
    """On standard error, as the lines may go elsewhere."""
    is_there = sys.stdin.isatty() and sys.stderr.isatty()
    return is_there and click.confirm(question, default=True, err=True)


def _styled(line: Line) -> Table:
    """The mark, and beside it the words, in as many rows as they need."""
    from rich.table import Table
    from rich.text import Text

    text = Text(words(line), style=_STYLES[line.kind], overflow="fold")
    if line.site:
        text.stylize("bold", 0, len(line.site))
    mark = Text(_MARKS[line.kind], style=_MARKED.get(line.kind, _STYLES[line.kind]))
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(mark, text)
    return grid


def table(rows: Sequence[Row]) -> Table:
    """The board."""
    from rich import box
    from rich.table import Table

    drawn = Table(
        box=box.HORIZONTALS, expand=True, header_style="dim", border_style="dim", pad_edge=False
    )
    for name in ("site", "state", "revision", "objects", "healed", "link"):
        drawn.add_column(name, no_wrap=True)
    drawn.add_column("last", no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        drawn.add_row(
            row.site,
            f"[{_STATES.get(row.state, 'red')}]{row.state}[/]",
            row.revision,
            row.objects,
            row.healed,
            "up" if row.link else "[bold red]lost[/]",
            row.last,
        )
    return drawn
