"""``reconciler demo``: three sites at once, in one terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.loading import loading

_PAUSE = 2.0  # seconds for a reader between two acts


@click.command(epilog=options.EXIT)
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--plain", is_flag=True, help="Plain lines, as without a terminal.")
@click.option(
    "--kubeconfig",
    type=options.FILE,
    metavar="FILE",
    default="",
    help="Play one site on this cluster instead, and take it back.",
)
@click.option("--context", metavar="NAME", default="", help="The kubeconfig's context.")
@click.option("--yes", is_flag=True, help="Remove what was made on the cluster without asking.")
def demo(folder: Path | None, plain: bool, kubeconfig: str, context: str, yes: bool) -> None:
    """Play a fleet of three sites on this machine: no cluster, no network.

    A fleet repository is made from the template in DIR, which must be new or empty (a temporary
    folder without one), and stays. Each of its sites is a real agent with a cluster in memory.
    They are shown commits, a hand's edit, a lost link and a broken commit; each act ends when what
    it shows has come true, and exit code 1 says that one has not.

    With --kubeconfig there is one site, on a real cluster that is none yet: in a namespace of its
    own, and in fleet-system; that and the CRD are made where they are missing. At the end you are
    asked, and exactly what was made is removed. Where nobody can be asked, it stays unless --yes.

    \b
    Examples:
      reconciler demo
      reconciler demo my-fleet
      reconciler demo --kubeconfig ~/.kube/config
    """
    if not kubeconfig and (context or yes):
        raise click.UsageError("--context and --yes are for a real cluster: give --kubeconfig too.")
    with loading():
        from reconciler.app import demo as app
        from reconciler.cli import screens

    is_live = not plain and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    pause = _PAUSE if is_live else 0.0
    with screens.live() if is_live else screens.plain() as screen:
        if kubeconfig:
            login = app.Login(kubeconfig=kubeconfig, context=context)
            outcome = app.play_on(login, folder, screen, pause=pause, yes=yes, program=_program())
        else:
            outcome = app.play(folder, screen, pause=pause, program=_program())
    if outcome is app.Outcome.INTERRUPTED:
        raise KeyboardInterrupt
    sys.exit(options.YES if outcome is app.Outcome.DONE else options.NO)


def _program() -> str:
    """How the reader's shell calls this program, from whatever folder."""
    if shutil.which("reconciler"):
        return "reconciler"
    return shlex.quote(str(Path(sys.argv[0]).absolute()))
