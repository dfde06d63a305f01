"""The render child: limits first, then one site from a tree that it asks for over the pipe.

Started by ``renderer`` as ``python -m reconciler.adapters.child.worker``; standard input and
output are the pipe. It opens no file and no socket of its own.
"""

from __future__ import annotations

import dataclasses
import resource
import sys
from base64 import b64decode
from collections.abc import Mapping
from typing import IO, Any

from reconciler.adapters.child import codec, frames
from reconciler.model.errors import FileError
from reconciler.model.refs import SiteName
from reconciler.model.values import FileKind
from reconciler.policy.judge import judge
from reconciler.render.site import render_site

MEMORY = 512 << 20  # bytes of address space
CPU = 60  # seconds


class PipeTree:
    """The Tree port over the pipe; kinds and names are asked for once."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask, self._answer = ask, answer
        self._known: dict[tuple[str, str], Any] = {}

    def kind(self, path: str) -> FileKind | None:
        found: FileKind | None = self._call("kind", path)
        return found

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(self._call("names", path))

    def read(self, path: str) -> bytes:
        return b64decode(self._call("read", path))

    def digest(self, path: str) -> str:
        return str(self._call("digest", path))

    def _call(self, name: str, path: str) -> Any:
        key = (name, path)
        if key not in self._known:
            frames.write(self._ask, {"call": name, "path": path})
            self._known[key] = frames.read(self._answer)
        answer = self._known[key]
        if "absent" in answer:
            raise FileNotFoundError(path)
        if "error" in answer:
            raise codec.decode_error(answer["error"])
        return answer["value"]


def main() -> None:
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    ask, answer = sys.stdout.buffer, sys.stdin.buffer
    request = frames.read(answer)
    frames.write(ask, _render(request, PipeTree(ask, answer)))


def _render(request: Mapping[str, Any], tree: PipeTree) -> dict[str, Any]:
    site = SiteName.parse(request["site"])
    agent = {
        "from_repository": bool(request["fromRepository"]),
        "agent_namespace": str(request["agentNamespace"]),
    }
    try:
        rendered = render_site(tree, site, request["commit"])
        verdict = judge(rendered.objects, rendered.settings, **agent)
        return {"rendered": codec.encode(dataclasses.replace(rendered, verdict=verdict))}
    except FileError as error:
        return {"error": codec.encode_error(error)}
    except MemoryError:
        return {
            "error": codec.encode_error(
                FileError(f"rendering {site} needs more than {MEMORY >> 20} MiB")
            )
        }


if __name__ == "__main__":
    main()
