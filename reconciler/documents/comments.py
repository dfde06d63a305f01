"""Where a YAML text has comments, and whose they are, as go-yaml tells it.

A comment beside something belongs to it. One on lines of its own is the head of what follows,
unless it stands right under what was before and a blank line, or less indentation, sets it
apart from what follows: then it is the foot of what was before. libyaml drops comments, but
says where its tokens are: comments are between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple

import yaml

from reconciler.documents import flows

_HEADER = re.compile(r"[|>][-+0-9]*[ \t]+(#.*)")
_OPENS = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken)
_FLOW_OPENS = (yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken)
_ENDS = (yaml.StreamEndToken, yaml.DocumentEndToken, yaml.DocumentStartToken)
_BEFORE_DOCUMENTS = (type(None), yaml.DirectiveToken)
_FLOW_ENDS = (yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


class Of(Enum):
    """What a comment belongs to."""

    LINE = auto()  # what stands before it in its line
    HEAD = auto()  # what follows
    TOP = auto()  # the text as a whole, down to the last blank line in it; then what follows
    FOOT = auto()  # what was before
    OUTER = auto()  # what was before on the level that it is indented to


class Comment(NamedTuple):
    """Lines, ``""`` for a blank one between them.

    ``at`` is where the token before it starts (-1: there is none), ``start`` where it does
    itself, both in characters. ``cut`` tells that the text ends with it, without a line's end:
    go-yaml takes such a one for the foot of what is one level further in.
    """

    of: Of
    at: int
    start: int
    column: int
    lines: tuple[str, ...]
    cut: bool = False


class _Row(NamedTuple):
    """A line of a gap, or what the gap has of it: its text without spaces around."""

    number: int
    start: int  # of the text, in characters
    column: int
    text: str


class _Gap(NamedTuple):
    """What is between two tokens."""

    rows: list[_Row]
    at: int
    indent: int  # the column of the innermost block
    foot: int  # the line where a foot of what was before must begin; -1: it can have none
    below: bool  # whether the first comment stands right under what was before
    column: int  # of the token after it; -1: the text ends
    cut: bool = False  # where it ends, without a line's end


def found(text: str) -> list[Comment]:
    """The comments of a text's first document, in its order, but those within braces.

    Raises yaml.YAMLError for what is no YAML.
    """
    indents, flow, indent = [0], 0, 0
    before: Any = None
    comments: list[Comment] = []
    for token in flows.tokens(text):
        solid = token.end_mark.index > token.start_mark.index
        if solid or isinstance(token, yaml.StreamEndToken):
            ends = isinstance(token, _ENDS) and not isinstance(before, _BEFORE_DOCUMENTS)
            if before is None:
                comments += _at_top(text, token)
            elif not flow:
                comments += _between(text, before, token, indent, ends)
            if ends:
                break
            before = token
        flow += isinstance(token, _FLOW_OPENS) - isinstance(token, _FLOW_ENDS)
        if isinstance(token, _OPENS):
            indents.append(token.start_mark.column)
        elif isinstance(token, yaml.BlockEndToken):
            indents.pop()
        if solid:
            indent = indents[-1]
    return comments


def _at_top(text: str, after: Any) -> Iterator[Comment]:
    rows = _rows(text, 0, after.start_mark.index, 0, 0)
    top = not isinstance(after, yaml.DocumentStartToken)
    for comment in _apart(_Gap(rows, -1, 0, -1, False, after.start_mark.column)):
        yield comment._replace(of=Of.TOP) if top else comment


def _between(text: str, before: Any, after: Any, indent: int, ends: bool) -> Iterator[Comment]:
    mark, at, line = before.end_mark, before.start_mark.index, before.end_mark.line
    rows = _rows(text, mark.index, after.start_mark.index, line, mark.column)
    foot = line > 0 or (isinstance(before, yaml.ScalarToken) and before.plain)
    if isinstance(before, yaml.ScalarToken) and before.style in ("|", ">"):
        match = _HEADER.match(text, at)
        line = before.start_mark.line + text[at : mark.index].rstrip().count("\n")
        if match:
            yield Comment(Of.LINE, at, match.start(1), 0, (match[1],))
    elif rows[0].text:
        foot = line > 0
        if not isinstance(before, yaml.BlockEntryToken):
            beside = rows.pop(0)
            yield Comment(Of.LINE, at, beside.start, beside.column, (beside.text,))
    first = next((row.number for row in rows if row.text), -1)
    yield from _apart(
        _Gap(
            rows,
            at,
            indent,
            foot=line + 1 if foot and not isinstance(before, yaml.ValueToken) else -1,
            below=first <= line + 1,
            column=-1 if ends else after.start_mark.column,
            cut=ends and not text.endswith("\n"),
        )
    )


def _rows(text: str, start: int, end: int, line: int, column: int) -> list[_Row]:
    """The lines from one place to another; the last ends with the token that is there."""
    rows = []
    for number, part in enumerate(text[start:end].split("\n"), line):
        bare = part.strip(" \t\r\ufeff")
        skipped = part.find(bare) if bare else 0
        rows.append(_Row(number, start + skipped, column + skipped, bare))
        start, column = start + len(part) + 1, 0
    return rows


def _apart(gap: _Gap) -> Iterator[Comment]:
    """The comments on lines of their own."""
    block: list[_Row] = []
    at, fresh, blank = gap.at, gap.below, False
    for row in gap.rows[:-1] if gap.column >= 0 else gap.rows:
        if row.text:
            if block and row.column < gap.indent and row.column != block[0].column:
                yield _foot(block, gap, at)
                block, at = [], row.start
            block.append(row)
            blank = False
            continue
        if block and not blank:
            begin = block[0]
            if fresh and (begin.number == gap.foot or begin.column < gap.indent):
                dedented = begin.column < gap.indent
                yield _foot(block, gap, begin.start if dedented else at)
                block, at = [], row.start
            elif row is not gap.rows[-1]:
                block.append(row)
            fresh = False
        blank = True
    if not block:
        return
    begin = block[0]
    lines = tuple(row.text for row in block)
    if gap.column < 0:
        if fresh and not blank and (begin.number == gap.foot or begin.column < gap.indent):
            yield _foot(block, gap, begin.start if begin.column < gap.indent else at)
            return
    elif gap.column < gap.indent and gap.column != begin.column:
        yield _foot(block, gap, at)
        return
    yield Comment(Of.HEAD, gap.at, begin.start, begin.column, lines)


def _foot(block: list[_Row], gap: _Gap, at: int) -> Comment:
    of = Of.FOOT if at == gap.at else Of.OUTER
    lines = tuple(row.text for row in block)
    return Comment(of, gap.at, block[0].start, block[0].column, lines, gap.cut)
