"""Exit codes, and options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

T = TypeVar("T")

YES, NO, NO_ANSWER, INTERRUPTED = 0, 1, 2, 130
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
        wrapped = click.option(flag, metavar="FILE", help=meaning)(wrapped)
    return wrapped
