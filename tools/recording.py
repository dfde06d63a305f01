"""``make recording``: docs/demo.svg, the picture of a real play of the demo in the README.

The play is ``reconciler demo``'s own, drawn by the same code as on a terminal; the last act, which
prints Git's log at length, is left out, and the board of the sites stands in its place.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from reconciler.app import demo
from reconciler.app.demo import acts
from reconciler.cli import screens

TARGET = Path(__file__).resolve().parent.parent / "docs" / "demo.svg"
WIDTH = 84  # columns: what a reader of the README can read without a click
_TITLE = "reconciler demo"

# Rich's own form loads a font from the net; a picture in a README has none but the reader's.
_FORM = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-label="A terminal with a play of reconciler demo">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, \
"Liberation Mono", "DejaVu Sans Mono", monospace; font-size: {char_height}px; \
line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Recorded(screens.Lines):
    """The lines up to the last act, and the last board before it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._rows: Sequence[demo.Row] = ()
        self._ended = False

    def tell(self, line: demo.Line) -> None:
        if not self._ended and line.kind is demo.Kind.TITLE and line.text.endswith(acts.LAST):
            self._ended = True
            self.console.print()
            self.console.print(screens.table(self._rows))
        if not self._ended:
            super().tell(line)

    def board(self, rows: Sequence[demo.Row]) -> None:
        self._rows = rows


def record() -> str:
    """The picture. Ends the program where an act does not come true."""
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        record=True,
        highlight=False,
    )
    # There, as the picture shows the repository's name, and no path.
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        outcome = demo.play(Path("fleet"), Recorded(console), pause=0)
    if outcome is not demo.Outcome.DONE:
        sys.exit(f"the demo was {outcome.value}")
    picture = console.export_svg(title=_TITLE, code_format=_FORM, unique_id="demo")
    lines = (line.rstrip() for line in picture.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def main() -> None:
    TARGET.write_text(record())
    print(f"docs/{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
