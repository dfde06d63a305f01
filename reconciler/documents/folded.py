"""What becomes of a folded scalar (``>``) in a resource: kustomize prints it and reads it again.

Not every text survives that. A line that begins with a blank, an empty line at the end, and
some lines after a first one with a blank in front come out otherwise than they went in; what
comes out is what is applied, so it is what ``load`` returns.
"""

from __future__ import annotations

from reconciler.documents.charsets import UNBROKEN, Pattern

_NO_BLOCK = Pattern(r"[^\t\n -~WIDE]| \n", UNBROKEN)

_BLANKS = (" ", "\t")


def again(text: str) -> str:
    """``text`` after it was printed as a folded scalar and read back."""
    if "\n" not in text or text.endswith(" ") or _NO_BLOCK.of(text).search(text):
        return text  # written on one line, or quoted
    return _read(_printed(text), keep=text == "\n" or text.endswith("\n\n"), clip=text[-1] == "\n")


def _printed(text: str) -> list[str]:
    """The lines under the ``>``, without their indent.

    A line's end is doubled, so that it is not read as a space; but not for lines that begin
    with a blank, and for none at all if the text does.
    """
    doubled = not text.lstrip("\n").startswith(_BLANKS)
    *ended, last = text.split("\n")
    lines = []
    for line in ended:
        lines.append(line)
        if doubled and line and not line.startswith(_BLANKS):
            lines.append("")
    return [*lines, last] if last else lines


def _read(lines: list[str], *, keep: bool, clip: bool) -> str:
    """Fold lines: one line end is a space, n are n - 1; but not beside lines with a blank first."""
    parts: list[str] = []
    previous = ""
    empty = 0
    for line in lines:
        if not line:
            empty += 1
            continue
        if previous:
            kept = previous.startswith(_BLANKS) or line.startswith(_BLANKS)
            parts.append("\n" if kept else "" if empty else " ")
        parts += ("\n" * empty, line)
        previous, empty = line, 0
    if clip and previous:
        parts.append("\n")
    return "".join(parts) + "\n" * (empty if keep else 0)
