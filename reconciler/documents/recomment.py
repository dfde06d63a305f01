"""Comments put back where go-yaml writes them, in a text that was written without.

The text before and the text after hold the same maps and lists, but for what was replaced; a
comment goes with the entry (a key with its value, or an item of a list) that it belongs to.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.documents import nodes
from reconciler.documents.comments import Comment, Of, found
from reconciler.documents.nodes import Node

_ALL = 1 << 30


@dataclass(slots=True, eq=False)
class _Entry:
    """Where an entry is: ``start`` and ``was`` (its column) in the text as it was, the rest in
    the one that is written.
    """

    start: int  # -1: it is new
    was: int
    line: int
    column: int
    beside: int  # the line that a comment beside it stands in
    depth: int
    parent: _Entry | None
    former: _Entry | None  # the key before it in its map
    end: int = 0  # the line after its last
    first: _Entry | None = None  # of an item that is a map: its first key


class _Foot(NamedTuple):
    """What stands below an entry: what its value has, then, set apart, what its key has."""

    value: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        return (*self.value, "", *self.key) if self.value and self.key else self.value + self.key


@dataclass(slots=True)
class _Layout:
    """What is put in: comments beside lines, and before lines by the order they come in."""

    beside: dict[int, str] = field(default_factory=dict)
    feet: dict[_Entry, _Foot] = field(default_factory=dict)
    heads: dict[int, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    top: list[str] = field(default_factory=list)
    bottom: list[str] = field(default_factory=list)


def write(root: Node, before: str) -> str:
    """The nodes' text, with the comments of the text that they were read from."""
    shown = nodes.write(root)
    comments = found(before) if "#" in before else []
    again = nodes.read(shown, nodes=_ALL, depth=_ALL) if comments else None
    if again is None:
        return shown
    lines = shown.removesuffix("\n").split("\n")
    entries = _measured(_entries(root, again, None), len(lines))
    layout, known = _Layout(), [entry for entry in entries if entry.start >= 0]
    starts = [entry.start for entry in known]
    for comment in comments:
        owner = bisect_right(starts, comment.at) - 1
        follows = bisect_left(starts, comment.start)
        _place(
            comment,
            known[owner] if owner >= 0 else None,
            known[follows] if follows < len(known) else None,
            layout,
        )
    return "\n".join(_lines(lines, entries, layout)) + "\n"


def _entries(old: Node, new: Node, parent: _Entry | None) -> Iterator[_Entry]:
    """Those of maps and lists that are written a line for each, in the text's order."""
    if not new.is_block:
        if parent is None and old.event.start_mark and new.end:  # the text is between braces
            yield _Entry(old.event.start_mark.index, 0, 0, 0, new.end.line, 0, None, None)
        return
    step, former = 2 if new.is_map else 1, None
    for at in range(0, len(new.children), step):
        key, value = new.children[at], new.children[at + step - 1]
        place = old.children[at].event.start_mark
        line = key.event.start_mark.line
        entry = _Entry(
            start=place.index if place else -1,
            was=old.event.start_mark.column if place else -1,
            line=line,
            column=new.event.start_mark.column,
            beside=value.end.line if value.is_flat and value.end else line,
            depth=parent.depth + 1 if parent else 0,
            parent=parent,
            former=former,
        )
        if parent and parent.start == entry.start:
            parent.first = entry
        yield entry
        yield from _entries(old.children[at + step - 1], value, entry)
        former = entry if new.is_map else None


def _measured(found: Iterator[_Entry], lines: int) -> list[_Entry]:
    """All of them, told where they end."""
    entries, opened = list(found), list[_Entry]()
    for entry in entries:
        while opened and opened[-1].depth >= entry.depth:
            opened.pop().end = entry.line
        opened.append(entry)
    for entry in opened:
        entry.end = lines
    return entries


def _place(comment: Comment, owner: _Entry | None, follows: _Entry | None, layout: _Layout) -> None:
    """``owner`` is the innermost entry that was begun before it, ``follows`` the next one."""
    lines = comment.lines
    if comment.of is Of.TOP and "" in lines:
        cut = len(lines) - 1 - lines[::-1].index("")
        layout.top, lines = [*lines[:cut]], lines[cut + 1 :]
    if comment.of is Of.LINE:
        if owner is not None:
            layout.beside.setdefault(owner.beside, lines[0])
    elif comment.of is Of.OUTER:
        owner = _outer(comment, owner, follows)
        if owner is None:
            layout.bottom += lines
        else:
            # what a key had is lost, as go-yaml loses it; an item that is none has one foot alone
            was_item = follows is owner
            layout.feet[owner] = _Foot(_bare(lines)) if was_item else _Foot((), _bare(lines))
    elif comment.of is Of.FOOT and follows and follows.parent is owner:  # a key's, with a map
        value, key = layout.feet.get(follows, _Foot())
        layout.feet[follows] = _Foot(value, (*key, *_bare(lines)))
    elif comment.of is Of.FOOT and owner:
        value, key = layout.feet.get(owner, _Foot())
        layout.feet[owner] = _Foot((*value, *_bare(lines)), key)
    elif follows is None:
        layout.bottom += lines
    else:
        _, former = layout.heads.get(follows.line, (0, ()))
        layout.heads[follows.line] = (follows.column, (*former, *lines))


def _outer(comment: Comment, owner: _Entry | None, follows: _Entry | None) -> _Entry | None:
    """The entry that a comment with less indentation is the foot of."""
    floor, inner = follows.was if follows is not None else -1, None
    while owner is not None and comment.column > floor:
        if owner.was == comment.column and not comment.cut:
            return owner
        if owner.was > comment.column:
            inner = owner
        owner = owner.parent
    if comment.cut:
        return inner
    return follows and (follows.former or follows.first or follows)


def _lines(lines: list[str], entries: list[_Entry], layout: _Layout) -> Iterator[str]:
    starts = {entry.line: entry.column for entry in reversed(entries)}
    after = -1  # the column of the foot just written: what follows it there is set apart
    if layout.top:
        yield from (*layout.top, "")
    feet = defaultdict[int, list[_Entry]](list)
    for entry in layout.feet:
        feet[entry.end].append(entry)
    for number in range(len(lines) + 1):
        ended = sorted(feet[number], key=lambda entry: -entry.depth)
        inserted = [(entry.column, layout.feet[entry].lines(), True) for entry in ended]
        if number in layout.heads:
            column, text = layout.heads[number]
            inserted.append((column, _bare(text), False))
        for column, text, is_foot in inserted:
            if column == after:
                yield ""
            yield from (" " * column + line if line else "" for line in text)
            after = column if is_foot else -1
        if number < len(lines):
            if number in starts:
                if starts[number] == after:
                    yield ""
                after = -1
            beside = layout.beside.get(number)
            yield lines[number] + (f" {beside}" if beside else "")
    if layout.bottom:
        yield from ("", *layout.bottom)


def _bare(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Without a blank line at the end."""
    return lines[:-1] if lines[-1:] == ("",) else lines
