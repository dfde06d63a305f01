"""Where the program begins: an interruption while it still loads is one like any other."""

from __future__ import annotations

from reconciler.loading import loading


def main() -> None:
    """The command line; see ``cli``."""
    with loading():
        from reconciler import cli
    cli.main()


if __name__ == "__main__":
    main()
