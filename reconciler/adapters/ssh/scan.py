"""A host's keys, asked from it by ssh-keyscan. What comes is only what the network says."""

from __future__ import annotations

import re
import shutil
import subprocess

from reconciler.adapters.ssh import known_hosts
from reconciler.model.errors import SourceUnavailable, UsageError

_TIMEOUT = 10  # seconds for the host, for each kind of key
_DEADLINE = 40.0  # seconds in all
_TYPES = "ed25519,ecdsa,rsa"
_LARGEST = 100_000  # characters of its answer
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*")  # no option, no list of hosts


def scan(place: known_hosts.Place) -> tuple[known_hosts.HostKey, ...]:
    """At least one key. Raises SourceUnavailable where the host gives none, UsageError without
    ssh-keyscan."""
    program = shutil.which("ssh-keyscan")
    if program is None:
        raise UsageError("there is no ssh-keyscan here (it comes with OpenSSH's client)")
    if not _HOST.fullmatch(place.host):
        raise UsageError(f"{place.host[:60]!r} is no host's name")
    command = [program, "-T", str(_TIMEOUT), "-p", str(place.port), "-t", _TYPES, place.host]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceUnavailable(f"{place.name} gave no host key in {_DEADLINE:.0f} s") from None
    found = known_hosts.keys(done.stdout.decode("ascii", "replace")[:_LARGEST], place)
    if not found:
        raise SourceUnavailable(f"{place.name} gave no host key: is it an ssh server?")
    return found
