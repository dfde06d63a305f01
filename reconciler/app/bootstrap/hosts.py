"""The host keys that a site will trust: from a file, or asked from the host and confirmed.

They are never taken over in silence, as whoever stands between could then be the fleet repository.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.adapters import ssh
from reconciler.app.bootstrap import credentials
from reconciler.model.errors import UsageError

NAME = "known_hosts"


def pinned(places: Sequence[ssh.Place], file: str, ask: Callable[[str], bool] | None) -> str:
    """The text of known_hosts. Raises UsageError and SourceUnavailable."""
    if file:
        return _from_file(file, places)
    if ask is None:
        names = " ".join(place.name for place in places)
        raise UsageError(
            f"host keys of {names} are needed: give --known-hosts-file, as there is no terminal to"
            " confirm them at (ssh-keyscan shows them, the host's operator says whether they are"
            " right)"
        )
    return "".join(_asked(place, ask) for place in places)


def _from_file(file: str, places: Sequence[ssh.Place]) -> str:
    """The lines about these hosts, as the file may be somebody's own and know many others."""
    text = credentials.read(file).decode("utf-8", "replace")
    lines: list[str] = []
    for place in places:
        found = ssh.about(text, place)
        if not found:
            raise UsageError(f"{file} has no key of {place.name}")
        lines += found
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _asked(place: ssh.Place, ask: Callable[[str], bool]) -> str:
    keys = ssh.scan(place)
    lines = [f"{place.name} shows these host keys:"]
    lines += [f"  {key.type:<20} {key.fingerprint}" for key in keys]
    lines += ["Compare them with what the host's operator publishes. Pin them?"]
    if not ask("\n".join(lines)):
        raise UsageError(f"the host keys of {place.name} were not confirmed: nothing is done")
    return "".join(f"{key.line}\n" for key in keys)
