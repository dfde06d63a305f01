"""The ``config`` of our bare repositories, written anew at each start.

Nothing in it comes from a remote. What a power cut or a hand left in it is gone after a start,
the keys that make the mirror a partial clone included.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "core": {
        "repositoryFormatVersion": "1",
        "bare": "true",
        "fsync": "all",
        "bigFileThreshold": "1m",  # larger blobs are streamed, not held
        "packedGitWindowSize": "16m",  # both: so that reading stays within the memory limit
        "packedGitLimit": "128m",
        "hooksPath": "/dev/null",
        "attributesFile": "/dev/null",
        "fsmonitor": "false",
        "symlinks": "false",
        "logAllRefUpdates": "false",
    },
    "fetch": {
        "fsckObjects": "true",
        "unpackLimit": "1",  # one fsynced pack, no cloud of loose objects
        "recurseSubmodules": "false",
        "writeCommitGraph": "false",
    },
    "transfer": {"fsckObjects": "true"},
    "gc": {"auto": "0"},
    "maintenance": {"auto": "false"},
    "pack": {"threads": "1", "windowMemory": "32m", "deltaCacheSize": "16m"},
    "protocol": {"version": "2"},
    "http": {
        "followRedirects": "false",
        "sslVerify": "true",
        "lowSpeedLimit": "100",
        "lowSpeedTime": "60",
    },
    "credential": {"helper": ""},
    "submodule": {"recurse": "false"},
}


ORIGIN = 'remote "origin"'  # the section that only a mirror has


def promisor(url: str) -> Mapping[str, Mapping[str, str]]:
    """The section that lets blobs be missing: they are promised by the remote ``origin``."""
    return {
        ORIGIN: {"url": url, "promisor": "true", "partialCloneFilter": "blob:none"},
    }


def text(extra: Mapping[str, Mapping[str, str]]) -> str:
    """The file's text: our settings and the ``extra`` sections."""
    lines = []
    for section, values in {**_SETTINGS, **extra}.items():
        lines.append(f"[{section}]")
        lines += [f'\t{key} = "{_escape(value)}"' for key, value in values.items()]
    return "\n".join(lines) + "\n"


def write(folder: Path, extra: Mapping[str, Mapping[str, str]]) -> None:
    """Replace ``folder/config``, durably, where it is not what it should be. Raises OSError."""
    wanted, target = text(extra).encode(), folder / "config"
    if target.is_file() and target.read_bytes() == wanted:
        return
    draft = folder / "config.new"
    with draft.open("wb") as file:
        file.write(wanted)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
