"""Rows in columns, as commands print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def lines(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows, all of one length, with each column as wide as its widest cell, and no spaces at
    the end."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
