"""``reconciler completion``: what a shell reads to complete our commands, options and files."""

from __future__ import annotations

import click

from reconciler.cli import options

_VARIABLE = "_RECONCILER_COMPLETE"  # what the script sets when it asks us for completions


@click.command(epilog=options.EXIT)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler
      reconciler completion zsh > "${fpath[1]}/_reconciler"
      reconciler completion fish > ~/.config/fish/completions/reconciler.fish
    """
    from click import shell_completion

    made = shell_completion.get_completion_class(shell)
    assert made is not None, "the choices are click's own"
    script = made(ctx.find_root().command, {}, "reconciler", _VARIABLE)
    # Not source(): of bash, it would run one to look at its version, and there may be none here.
    click.echo(script.source_template % script.source_vars())
