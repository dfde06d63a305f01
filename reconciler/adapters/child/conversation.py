"""One render: a child's questions about a tree answered, its words checked and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.adapters.child import codec, frames
from reconciler.adapters.child.ending import Ended, Wall
from reconciler.adapters.child.process import Child
from reconciler.model.errors import FileError, MissingBlobs, SourceUnavailable
from reconciler.model.refs import SiteName
from reconciler.model.rendered import Manifest, Rendered, Tree, Verdict
from reconciler.model.values import Preview, Record

Fetch = Callable[[tuple[str, ...]], None]
Past = Callable[[], Iterable[Record]]  # what was last applied
Ask = Callable[[Manifest], Preview]  # what the API server says of an object

_CALLS = 100_000  # questions a child may ask
_LONGEST = 4_096  # characters of a path
_NAMED = 200  # of one in an error
_TOO_LARGE = "its answer is too large to be judged"


class Conversation:
    """One render: the child's questions answered, its objects collected."""

    def __init__(
        self,
        child: Child,
        tree: Tree,
        fetch_blobs: Fetch,
        past: Past,
        *,
        ask: Ask | None,
        wall: Wall,
    ) -> None:
        self._child = child
        self._wall = wall
        self._last = ""
        self._tree = tree
        self._past = past
        self._ask = ask
        self._pieces: list[list[Any]] | None = None
        self._fetch_blobs = fetch_blobs
        self._objects: list[Manifest] = []

    def hold(self, request: Mapping[str, Any], most: int) -> Rendered:
        """At most ``most`` objects. Raises Ended, FileError, SourceUnavailable."""
        try:
            return self._held(request, most)
        except Ended as end:
            end.file = self._last[:_NAMED]
            raise

    def _held(self, request: Mapping[str, Any], most: int) -> Rendered:
        self._child.begin(request, self._wall)
        for _ in range(_CALLS + most):
            words = self._child.receive()
            if "call" in words:
                self._child.send(self._answered(words))
                continue
            try:
                rendered = self._heard(words, request)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise self._child.nonsense() from None
            if rendered:
                return rendered
            if len(self._objects) > most:
                break
        raise self._child.nonsense()

    def _heard(self, words: Mapping[str, Any], request: Mapping[str, Any]) -> Rendered | None:
        if "object" in words:
            self._objects.append(codec.decode_manifest(words["object"]))
            return None
        if "error" in words:
            raise codec.decode_error(words["error"])
        findings = tuple(codec.decode_finding(row) for row in words["findings"])
        idle = tuple(codec.decode_finding(row) for row in words["idle"])
        return Rendered(
            site=SiteName.parse(request["site"]),
            commit=request["commit"],
            settings=codec.decode_settings(words["settings"]),
            objects=tuple(self._objects),
            verdict=Verdict(findings=findings, idle=idle),
            overridden=codec.decode_overridden(words.get("overridden", ())),
            dropped=codec.decode_dropped(words.get("dropped", ())),
        )

    def _answered(self, words: Mapping[str, Any]) -> bytes:
        if words["call"] == "preview":
            return self._preview(words.get("object"))
        return self._answer(words["call"], words.get("path"))

    def _preview(self, row: object) -> bytes:
        """What the API server says of an object that the child rendered, or says it did."""
        try:
            manifest = codec.decode_manifest(row)
        except (TypeError, ValueError):
            raise self._child.nonsense() from None
        found = Preview()
        if self._ask:
            with self._wall.paused():
                found = self._ask(manifest)
        try:
            return frames.pack({"value": codec.encode_preview(found)})
        except frames.BrokenFrame:
            return frames.pack({"value": codec.encode_preview(Preview(failed=_TOO_LARGE))})

    def _answer(self, call: object, path: object) -> bytes:
        if call == "applied" and isinstance(path, str):
            return self._applied(path)
        if not isinstance(call, str) or call not in _LOOKS or not isinstance(path, str):
            raise self._child.nonsense()
        try:
            if not _is_inside(path):
                raise FileNotFoundError(path)
            value = self._look(_LOOKS[call], path)
            if call == "read":
                self._last = path
                return frames.pack({"value": len(value)}) + frames.frame(value)
            return frames.pack({"value": value})
        except FileNotFoundError:
            return frames.pack({"absent": True})
        except frames.BrokenFrame:
            error = FileError("too large to be rendered", path=path)
        except FileError as found:
            error = found
        return frames.pack({"error": codec.encode_error(error)})

    def _applied(self, number: str) -> bytes:
        """A piece of what was last applied; it is asked for where policies judge."""
        if self._pieces is None:
            with self._wall.paused():
                self._pieces = codec.pieces(self._past())
        at = int(number) if number.isdecimal() and len(number) < 10 else len(self._pieces)
        return frames.pack({"value": self._pieces[at] if at < len(self._pieces) else []})

    def _look(self, look: Callable[[Tree, str], Any], path: str) -> Any:
        try:
            return look(self._tree, path)
        except MissingBlobs as missing:
            with self._wall.paused():
                self._fetch_blobs(missing.ids)
        try:
            return look(self._tree, path)
        except MissingBlobs:
            raise SourceUnavailable(f"the remote did not send {path}") from None


_LOOKS: dict[str, Callable[[Tree, str], Any]] = {
    "kind": lambda tree, path: tree.kind(path),
    "names": lambda tree, path: list(tree.names(path)),
    "read": lambda tree, path: tree.read(path),
    "digest": lambda tree, path: tree.digest(path),
    "link": lambda tree, path: tree.link(path),
}


def _is_inside(path: str) -> bool:
    """Whether a path can be the tree's; the child may ask for anything once it is taken over."""
    parts = path.split("/") if path else []
    bounded = len(path) <= _LONGEST and "\0" not in path
    return bounded and not any(part in ("", ".", "..") for part in parts)
