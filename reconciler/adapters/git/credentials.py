"""Credentials by file. They are read for each call, so that a rotated one is used at once.

A token reaches git as a header in its environment, bound to the remote's host; never as an
argument, and never in the mirror's ``config``.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters.git import remotes
from reconciler.model.errors import SourceUnavailable

_LARGEST = 16_384  # bytes of a token file
_SSH = (
    "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=20"
    " -oServerAliveInterval=15 -oServerAliveCountMax=3 -oClearAllForwardings=yes"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Paths, ``""`` where there is none. The token file holds ``TOKEN`` or ``USER:TOKEN``."""

    ssh_key_file: str = ""
    known_hosts_file: str = ""
    token_file: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """How one call reaches its remote: variables for git, and what must never be repeated."""

    environment: Mapping[str, str]
    secrets: tuple[str, ...] = ()


def access(credentials: Credentials, url: str) -> Access:
    """The credentials as they are in their files now. Raises SourceUnavailable."""
    environment = {"GIT_SSH_COMMAND": _ssh_command(credentials), "GIT_SSH_VARIANT": "ssh"}
    if credentials.ca_file:
        environment["GIT_SSL_CAINFO"] = credentials.ca_file
    scope = remotes.origin(url)
    if not credentials.token_file or not scope:
        return Access(environment)
    token = _token(credentials.token_file)
    basic = base64.b64encode(
        (token if ":" in token else f"x-access-token:{token}").encode()
    ).decode()
    environment |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{scope}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    return Access(environment, (basic, token, token.rpartition(":")[2]))


def _ssh_command(credentials: Credentials) -> str:
    command = _SSH
    if credentials.ssh_key_file:
        command += " -oIdentitiesOnly=yes -i " + shlex.quote(credentials.ssh_key_file)
    if credentials.known_hosts_file:
        # ssh splits this option's value at blanks, the quotes inside it are ssh's own.
        option = f'UserKnownHostsFile="{credentials.known_hosts_file}"'
        command += " -oGlobalKnownHostsFile=none -o " + shlex.quote(option)
    return command


def _token(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
        token = content.decode("ascii").strip()
    except OSError as error:
        raise SourceUnavailable(f"the token file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceUnavailable(
            f"the token file {path} holds other characters than ASCII"
        ) from None
    if not token or not token.isprintable() or " " in token or len(content) > _LARGEST:
        raise SourceUnavailable(f"the token file {path} does not hold one line with a token")
    return token
