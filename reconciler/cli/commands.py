"""Which commands there are, and where; each is imported when it is asked for.

``--help`` of the whole shows a line a command: TABLE has it, so that nothing is imported for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping

import click

from reconciler.loading import loading

# The name: its line in the help of the whole, which is how its own help begins. The command is
# the object of that name in the module of that name.
TABLE: dict[str, str] = {
    "adopt": "List the live objects that SITE would take over, from whom, and the rule that allows"
    " it.",
    "bootstrap": "Print or apply all that a cluster needs to become REGION/SITE.",
    "completion": "Print the completion script of a shell.",
    "demo": "Play a fleet of three sites on this machine: no cluster, no network.",
    "diff": "Show what the next pass would do to the cluster of SITE, field by field.",
    "drift": "Show what was changed on a site against its commit, by whom, and what became of it.",
    "explain": "Show whose each field of the object REF is, what is wanted of it, and what would be"
    " done.",
    "init": "Make DIR a fleet repository: three sites over shared bases, in a first commit.",
    "pause": "Hold SITE still, or one object of it, for a while: a pause always ends.",
    "render": "Print what TARGET is made of: a folder with a kustomization, or a site of --repo.",
    "resume": "End the pauses of SITE that were asked for on site.",
    "run": "Follow the fleet repository and keep this cluster as it says.",
    "site": "Change the sites of a fleet repository.",
    "status": "Show the state of all sites, or of SITE, from their notes alone.",
    "validate": "Check that every site in FOLDER renders, and that its settings and objects are"
    " sound.",
    "version": "Print the version of the agent, and of what it works with.",
}


class Commands(MutableMapping[str, click.Command]):
    """TABLE's commands; click takes them for a mapping like any other."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded and name in TABLE:
            with loading():
                module = importlib.import_module(f"reconciler.cli.{name}")
            self._loaded[name] = getattr(module, name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*TABLE, *self._loaded}))

    def __len__(self) -> int:
        return len({*TABLE, *self._loaded})
