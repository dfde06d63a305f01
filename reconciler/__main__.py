"""Where the program begins: an interruption while it still loads is one like any other."""

from __future__ import annotations

import sys


def main() -> None:
    """The command line; see ``cli``. Exit code 130 where it is interrupted before it listens."""
    try:
        from reconciler import cli

        cli.main()
    except KeyboardInterrupt:
        sys.stderr.write("reconciler: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
