"""Exit codes, options and the line of progress that several commands share."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from reconciler import loading

T = TypeVar("T")

# What a shell completes as such; that it is there is looked at by whoever reads it.
FILE = click.Path(dir_okay=False)
FOLDER = click.Path(file_okay=False)

YES, NO, NO_ANSWER, INTERRUPTED = 0, 1, 2, loading.INTERRUPTED
UNREAD = 141  # 128 and SIGPIPE, as a shell has it
_MUCH = 20  # steps from which on progress is shown
EXIT = "Exit codes: 0 nothing to report, 1 the answer is no, 2 no answer, 130 interrupted."


def output(command: Callable[..., T]) -> Callable[..., T]:
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Form of the answer.",
    )(command)


def access(command: Callable[..., T]) -> Callable[..., T]:
    """Options that say how to reach a remote; they come to the command as one mapping."""
    rows = (
        ("--ssh-key-file", "Private key for ssh (else the ssh agent's)."),
        ("--known-hosts-file", "Host keys that ssh accepts, and no others."),
        ("--token-file", "File with TOKEN or USER:TOKEN for https."),
        ("--ca-file", "Certificate authorities for https."),
    )
    names = [flag[2:].replace("-", "_") for flag, _ in rows]

    @functools.wraps(command)
    def gathered(**given: Any) -> T:
        files = {name: given.pop(name) or "" for name in names}
        return command(access=files, **given)

    wrapped: Callable[..., T] = gathered
    for flag, meaning in reversed(rows):
        wrapped = click.option(flag, type=FILE, metavar="FILE", help=meaning)(wrapped)
    return wrapped


def access_flag(name: str) -> str:
    """The option that gave an entry of that mapping."""
    return f"--{name.replace('_', '-')}"


def revision(command: Callable[..., T]) -> Callable[..., T]:
    """Options that say which commit of which fleet repository."""
    wrapped = click.option(
        "--rev", metavar="REV", default="", help="A commit or branch.  [default: the newest]"
    )(command)
    return click.option(
        "--repo", metavar="URL|DIR", default=".", show_default=True, help="The fleet repository."
    )(wrapped)


def cluster(command: Callable[..., T]) -> Callable[..., T]:
    """Options that say where the API server is; inside a Pod it is the Pod's own."""
    wrapped = click.option(
        "--context", metavar="NAME", default="", help="The kubeconfig's context."
    )(command)
    return click.option(
        "--kubeconfig", type=FILE, metavar="FILE", default="", help="Login outside a cluster."
    )(wrapped)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A line that says how far it is, on standard error where that is a terminal.

    It shows where there is much to do, at most a hundred times, and is gone at the end.
    """
    shown = 0

    def tell(done: int, total: int) -> None:
        nonlocal shown
        if total >= _MUCH and done * 100 // total > shown:
            shown = done * 100 // total
            click.echo(f"\r{done} of {total} {what}", nl=False, err=True)

    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    try:
        yield tell
    finally:
        if shown:
            click.echo("\r\033[K", nl=False, err=True)


def complete_site(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """For a shell: the sites of the repository, where --repo is a folder or this is one."""
    from pathlib import Path

    folder = Path(ctx.params.get("repo") or ".") / "sites"
    sites = (path.relative_to(folder).as_posix() for path in folder.glob("*/*") if path.is_dir())
    return sorted(site for site in sites if site.startswith(incomplete))
