"""What runs in the render child: limits first, then sites from trees that it asks for.

Started by ``process``; standard input and output are the pipe. It opens no file and no socket.
It goes on until the pipe ends, and keeps what it parsed by hash from one render to the next.
"""

from __future__ import annotations

import dataclasses
import gc
import math
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any

from reconciler.adapters.child import codec, frames
from reconciler.adapters.child.judging import Judge
from reconciler.adapters.child.limits import OUT_OF_MEMORY
from reconciler.documents import load
from reconciler.model.errors import FileError, RenderError, SettingsError
from reconciler.model.overrides import Dropped, LocalFile
from reconciler.model.refs import SiteName
from reconciler.model.rendered import FileKind, Manifest, Rendered, Verdict
from reconciler.model.values import Preview
from reconciler.policy.judge import OBJECT_BYTES
from reconciler.render.cache import Cache
from reconciler.render.site import is_elsewhere, render_site

_RENDERS = 10  # as many times the CPU time of one render as a child has in all


class PipeTree:
    """Implements rendered.Tree over the pipe; all but bytes is asked for once."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask, self._answer = ask, answer
        self._known: dict[tuple[str, str], dict[str, Any]] = {}

    def kind(self, path: str) -> FileKind | None:
        found: FileKind | None = self._or_none("kind", path)
        return found

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(self._once("names", path))

    def read(self, path: str) -> bytes:
        _value(self._call("read", path), path)
        return frames.read(self._answer)

    def digest(self, path: str) -> str:
        return str(self._once("digest", path))

    def link(self, path: str) -> str | None:
        found: str | None = self._or_none("link", path)
        return found

    def applied(self, number: int) -> list[Any]:
        """See judging.Past."""
        rows = _value(self._call("applied", str(number)), "")
        return rows if isinstance(rows, list) else []

    def preview(self, manifest: Manifest) -> Preview:
        """See judging.Past."""
        words = {"call": "preview", "object": codec.encode_manifest(manifest)}
        return codec.decode_preview(_value(self._asked(words), ""))

    def _or_none(self, name: str, path: str) -> Any:
        """None also for a path that can be no tree's, such as one that is too long."""
        try:
            return self._once(name, path)
        except FileNotFoundError:
            return None

    def _once(self, name: str, path: str) -> Any:
        key = (name, path)
        if key not in self._known:
            self._known[key] = self._call(name, path)
        return _value(self._known[key], path)

    def _call(self, name: str, path: str) -> dict[str, Any]:
        return self._asked({"call": name, "path": path})

    def _asked(self, words: Mapping[str, Any]) -> dict[str, Any]:
        self._ask.write(frames.pack(words))
        self._ask.flush()
        return frames.unpack(frames.read(self._answer))


def _value(answer: Mapping[str, Any], path: str) -> Any:
    if "absent" in answer:
        raise FileNotFoundError(path)
    if "error" in answer:
        raise codec.decode_error(answer["error"])
    return answer["value"]


def main() -> None:
    """Render what is asked for until the pipe ends."""
    ask, answer = sys.stdout.buffer, sys.stdin.buffer
    cache, judge = None, Judge()
    gc.disable()  # parsed files are trees: looking for cycles in them finds none, for a fifth more
    try:
        while True:
            request = frames.unpack(frames.read(answer))
            limit(request["limits"])
            cache = cache or Cache(_of_a_file(request["limits"]))
            for message in answers(request, PipeTree(ask, answer), cache, judge):
                ask.write(frames.pack(message))
            ask.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (frames.BrokenFrame, BrokenPipeError):
        os._exit(0)  # nobody listens any more


def _of_a_file(limits: Mapping[str, int]) -> load.Limits:
    return load.Limits(depth=limits["depth"], aliases=limits["aliases"])


def limit(limits: Mapping[str, int]) -> None:
    """Bound this process, for this render."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime) + limits["cpu"]
    _set("RLIMIT_CPU", seconds, limits["cpu"] * _RENDERS)
    _set("RLIMIT_AS", limits["memory"], limits["memory"])
    for name in ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC"):
        _set(name, 0, 0)


def _set(name: str, soft: int, hard: int) -> None:
    """Set a limit, or leave one that is stricter already. Only Linux has them all."""
    which = getattr(resource, name, None)
    if which is None:
        return
    most = resource.getrlimit(which)[1]
    hard = hard if most == resource.RLIM_INFINITY else min(hard, most)
    try:
        resource.setrlimit(which, (min(soft, hard), hard))
    except (OSError, ValueError):
        if sys.platform == "linux":
            raise


def answers(
    request: Mapping[str, Any], tree: PipeTree, cache: Cache, judge: Judge
) -> Iterator[dict[str, Any]]:
    """The objects one by one, and an ending; or an error alone."""
    site = SiteName.parse(request["site"])
    try:
        rendered = _judged(request, tree, site, cache, judge)
    except (frames.BrokenFrame, BrokenPipeError, MemoryError):
        raise
    except Exception as error:  # whatever a stranger's commit makes of us: the parent goes on
        yield {"error": codec.encode_error(told(error, site))}
        return
    for manifest in rendered.objects:
        if len(manifest.body) > OBJECT_BYTES:
            continue  # the judge has found it: nothing of this commit will be applied
        yield {"object": codec.encode_manifest(manifest)}
    yield {
        "settings": codec.encode_settings(rendered.settings),
        "findings": [codec.encode_finding(finding) for finding in rendered.verdict.findings],
        "idle": [codec.encode_finding(finding) for finding in rendered.verdict.idle],
        "overridden": codec.encode_overridden(rendered.overridden),
        "dropped": codec.encode_dropped(rendered.dropped),
    }


def _judged(
    request: Mapping[str, Any], tree: PipeTree, site: SiteName, cache: Cache, judge: Judge
) -> Rendered:
    """Rendered, with the verdict. A commit is not denied for what a file on site lays over it."""
    local = tuple(LocalFile(name=name, text=text) for name, text in request["overrides"])
    heeds_pin, dropped = request["heedsPin"], list[Dropped]()
    while True:
        rendered = render_site(
            tree, site, request["commit"], cache, heeds_pin=heeds_pin, local=local
        )
        if heeds_pin and is_elsewhere(rendered.settings, rendered.commit):
            return rendered
        if len(rendered.objects) > request["limits"]["objects"]:
            most = request["limits"]["objects"]
            found = f"{len(rendered.objects)} objects; at most {most} (render.objects)"
            raise RenderError(found, path=site.folder)
        verdict = judge.verdict(rendered, request, tree, tree)
        denied = _denied(rendered, verdict)
        if not denied:
            kept = (*dropped, *rendered.dropped)
            return dataclasses.replace(rendered, verdict=verdict, dropped=kept)
        dropped += (Dropped(file=file, reason=why) for file, why in denied.items())
        local = tuple(file for file in local if file.name not in denied)


def _denied(rendered: Rendered, verdict: Verdict) -> dict[str, str]:
    """Files that a denied object was changed by, or all; and by what they are denied."""
    if verdict.allowed:
        return {}
    denied = {finding.ref for finding in verdict.denied}
    files = [each.file for each in rendered.overridden if each.ref in denied]
    rules = sorted({finding.policy or finding.rule for finding in verdict.denied})
    why = f"the objects would be denied: {', '.join(rules)[:200]}"
    return dict.fromkeys(files or (each.file for each in rendered.overridden), why)


def told(error: Exception, site: SiteName) -> FileError:
    """The error that the user sees; of a defect only where it is, as its words may quote a file."""
    if isinstance(error, RenderError | SettingsError):
        return error
    if isinstance(error, FileError):  # the tree's: unreadable, too large
        return RenderError(error.message, path=error.path, line=error.line, column=error.column)
    if isinstance(error, RecursionError):
        return RenderError("the objects or kustomizations are nested too deeply", path=site.folder)
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"
    name = type(error).__name__
    return RenderError(f"the renderer has a defect ({name} in {place})", path=site.folder)
