"""One document's events in, its value out: a loop with a stack of its own, called by ``load``.

libyaml's event parser does not recurse; its composer does, and ends the process on deep
input. The rest of what differs from it: equal keys and keys that are not strings are
errors with a place, aliases become copies, merge keys are merged, and all of that is paid
for from a Budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from reconciler.documents import flows, folded, locate, styles, tags, templates
from reconciler.documents.aliases import Budget, Invalid, Lost, Merge, copied, invalid, merge
from reconciler.documents.scalars import (
    BLANK,
    BRACED,
    FIRST,
    Blank,
    Doubled,
    NoString,
    Scalars,
    Unsupported,
    Word,
    resolve,
    timestamp,
)

_ANNOTATIONS = "annotations"
_TAGLESS = (None, "!")  # ``! x`` is as good as no tag, and in CONFIG as a quoted x
_LIST: Any = object()  # instead of a key: the container is a list
_WANTED: Any = object()  # instead of a key: the next node is one
_UNSEEN: Any = object()


class Builder:
    """Builds a file's documents one by one. Words seen before are shared and resolved once."""

    def __init__(self, *, scalars: Scalars, budget: Budget) -> None:
        self._scalars = scalars
        self._budget = budget
        self._values: dict[str, Any] = {}
        self._quoted: dict[str, str] = {}
        self._keys: dict[str, Any] = {}
        self._anchors: dict[str, Any] = {}
        self._texts: dict[str, str] = {}  # of anchors on scalars
        self._merging: list[dict[Any, Any]] = []  # open mappings that have a merge key
        self._earlier: list[Any] = []  # annotations of an object that has some more of them
        self._stack: list[tuple[Any, Any]] = []  # open containers but the innermost, and their keys
        self._text = b""

    def build(self, text: bytes) -> tuple[Any, int]:
        """The first document's value and the line of its first node; (None, 1) if it is empty.

        Raises Invalid.
        """
        self._anchors = {}
        self._texts = {}
        self._merging = []
        self._earlier = []
        self._stack = []
        self._text = text
        parser = flows.loader(text)
        try:
            return self._build(parser.get_event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if "quoted scalar" in (error.context or ""):  # where it begins, not where the text ends
                mark = error.context_mark or mark
            raise Invalid(
                f"MalformedYAMLError: {error.problem or error.context}",
                mark.line + 1 if mark else 0,
                mark.column + 1 if mark else 0,
            ) from None
        except ReaderError as error:
            line = getattr(parser, "masked", text).count(b"\n", 0, error.position) + 1
            raise Invalid(f"MalformedYAMLError: {error.reason}", line, 0) from None
        finally:
            parser.dispose()

    def _build(  # noqa: PLR0912, PLR0915 - every node passes here: one loop is twice as quick
        self, next_event: Callable[[], Any]
    ) -> tuple[Any, int]:
        next_event()  # the stream's start
        start = next_event()
        if start.__class__ is StreamEndEvent:
            return None, 1
        if start.version not in (None, (1, 1)):
            raise invalid("MalformedYAMLError: found incompatible YAML document", start)
        values, keys, budget, strict = self._values, self._keys, self._budget, self._scalars.strict
        texts = self._scalars.spelled or ((_ANNOTATIONS,) if strict else ())
        flow = 0  # how deep in braces and brackets
        annotations: Any = None  # the mapping whose values are text, while inside it
        root: list[Any] = []
        container: Any = root
        key: Any = _LIST
        stack = self._stack
        value: Any
        line = 0
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                tag, text = event.tag, event.value
                plain = not event.style and (tag is None or (strict and tag == "!"))
                if key is _WANTED:
                    key = keys.get(text, _UNSEEN) if plain else _UNSEEN
                    if key is _UNSEEN:
                        key = self._key(event, plain, container)
                    if strict and key in container:
                        key = self._again(event, container, key, annotations)
                    if event.anchor is not None:
                        self._anchors[event.anchor] = key
                    continue
                if plain:
                    value = values.get(text, _UNSEEN)
                    if value is _UNSEEN:
                        value = self._unseen(event, flow, annotations is not None)
                elif tag in _TAGLESS:
                    value = text
                    if strict and annotations is None:
                        value = self._in_style(text, event.style)
                    elif annotations is not None and event.style == ">":
                        value = self._folded(text)
                else:
                    value = self._tagged(event) if annotations is None else self._as_text(event)
                if event.anchor is not None:
                    self._anchors[event.anchor] = value
                    self._texts[event.anchor] = text
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                line = line or event.start_mark.line + 1
                value = {} if kind is MappingStartEvent else []
                self._enter(event, key, value)
                if flow or event.flow_style:
                    flow += 1
                if len(stack) == 2 and key in texts and self._in_metadata():
                    annotations, values = value, {}
                if key is _LIST:
                    container.append(value)
                else:
                    container[key] = value
                stack.append((container, key))
                container = value
                key = _WANTED if kind is MappingStartEvent else _LIST
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                while self._merging and self._merging[-1] is container:
                    merge(self._merging.pop(), event, own_win=strict)
                if flow:
                    flow -= 1
                if container is annotations:
                    annotations, values = None, self._values
                container, key = stack.pop()
                if key is not _LIST:
                    key = _WANTED
                continue
            elif kind is AliasEvent:
                value = self._alias(event, container)
                if annotations is not None:
                    value = self._texts.get(event.anchor, value)
                if key is _WANTED:
                    key = self._alias_key(event, value, container)
                    continue
            else:  # the document's end
                if self._earlier:
                    self._put_together(root[0]["metadata"])
                return root[0], line or 1
            budget.nodes -= 1
            if budget.nodes < 0:
                raise invalid("the file has too many nodes", event)
            if key is _LIST:
                container.append(value)
            else:
                container[key] = value
                key = _WANTED

    def _enter(self, event: Any, key: Any, value: Any) -> None:
        """Pay for a mapping or sequence that begins."""
        if key is _WANTED:
            raise invalid(templates.KEY, event)
        if len(self._stack) >= self._budget.depth:
            raise invalid(f"nested deeper than {self._budget.depth} levels", event)
        self._budget.nodes -= 1
        if self._budget.nodes < 0:
            raise invalid("the file has too many nodes", event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value

    def _in_metadata(self) -> bool:
        return bool(self._stack[1][1] == "metadata")

    def _as_text(self, event: Any, flow: int = 0) -> str | None:
        """An annotation's value: kustomize makes them strings, as they are written (``1.10``)."""
        text: str = event.value
        if event.style and (event.tag in _TAGLESS or not self._scalars.any_key):
            return text
        if self._scalars.spelled:
            return self._word(event, flow)
        if self._scalars.hollow:
            return text
        return None if self._scalars.words.get(text, "") is None else text

    def _word(self, event: Any, flow: int) -> str:
        """The text, and what it would be elsewhere where that is no string, or another one."""
        text: str = event.value
        if event.tag not in _TAGLESS:
            return Word(text, self._tagged(event)) if self._scalars.any_key else text
        if flow and self._scalars.hollow and (not text or ":" in text):
            return text  # quoted on its way, see ``_unseen``
        try:
            value = resolve(text, self._scalars)
        except Unsupported:
            return text
        return text if value.__class__ is str and value == text else Word(text, value)

    def _unseen(self, event: Any, flow: int, annotation: bool) -> Any:
        """An unquoted scalar that was not yet seen in its role, remembered where it may be."""
        text: str = event.value
        if annotation:
            return self._as_text(event, flow)
        if not text and self._scalars.any_key:  # what a patch puts in place of a list is printed
            is_listed = flow and any(one.__class__ is list for one, _ in self._stack[1:])
            return BRACED if is_listed else None
        if self._scalars.hollow and (not text or ":" in text):
            # Between braces, kustomize quotes these on their way, and so makes strings of them.
            if flow:
                return BRACED if not text and self._scalars.words[""] is BLANK else text
            return self._without_quotes(event)
        value = self._values[text] = self._without_quotes(event)
        return value

    def _without_quotes(self, event: Any) -> Any:
        value = self._plain(event)
        if not self._scalars.spelled:
            return value
        return styles.plain(value, event.value, patch=self._scalars.any_key)

    def _folded(self, text: str) -> str:
        """An annotation behind ``>``; a JSON patch has what is read where that is printed."""
        again = folded.again(text) if self._scalars.spelled else text
        return text if again == text else Word(text, again)

    def _in_style(self, text: str, style: str) -> str:
        if not self._scalars.spelled:
            return folded.again(text) if style == ">" else text
        if style == ">":
            return styles.fold(text)
        value = self._quoted.get(text)
        if value is None:
            value = self._quoted[text] = styles.quoted(text)
        return value

    def _plain(self, event: Any) -> Any:
        try:
            return resolve(event.value, self._scalars)
        except Unsupported:
            return self._unreadable(event)

    def _unreadable(self, event: Any) -> styles.Unreadable:
        """What JSON has not, told in the words of Go's and as the file writes it. Raises Invalid.

        A patch may hold it, as it is text where it is laid over some.
        """
        word = event.value.lower().lstrip("+")
        refusal = f"json: unsupported value: {_GOS.get(word, word)}: JSON has no {event.value}"
        if not self._scalars.any_key:
            raise invalid(refusal, event)
        return styles.Unreadable(refusal, event.value)

    def _tagged(self, event: Any) -> Any:
        try:
            value = tags.tagged(event.tag, event.value, self._scalars)
            if value is None and not event.value:  # the file says nothing, but that it is null
                return self._scalars.words[""]
            return styles.tagged(value) if self._scalars.spelled else value
        except Unsupported:
            return self._unreadable(event)
        except ValueError as error:
            raise invalid(str(error), event) from None

    def _key(self, event: Any, plain: bool, container: Any) -> Any:
        """A scalar's meaning as a key: a string, or a Merge."""
        text: str = event.value
        if plain and text and text[0] not in FIRST and text != "<<":
            self._keys[text] = text
            return text
        if event.tag == tags.MERGE or (text == "<<" and (plain or not self._scalars.strict)):
            if self._scalars.strict and any(isinstance(key, Merge) for key in container):
                raise invalid("duplicate merge key", event)
            self._merging.append(container)
            return Merge()
        if text == "<<" and self._scalars.strict:
            self._merging.append(container)
            return Lost()
        is_null = plain and self._scalars.words.get(text, "") in (None, BLANK)
        is_plain = event.tag != tags.BINARY
        if self._scalars.strict and is_plain and not is_null and self._is_top():
            return text  # as Go's JSON names the fields of a map that has other keys, too
        if plain:
            key = self._as_key(self._plain(event), event)
            if key.__class__ is str:
                self._keys[text] = key
            return key
        if event.tag in _TAGLESS or event.tag == tags.STRING:
            return text
        if event.tag == tags.BINARY:
            return str(self._tagged(event))
        if self._scalars.strict:
            raise self._no_key(event)
        return self._as_key(self._tagged(event), event)

    def _is_top(self) -> bool:
        """Whether the innermost mapping is an object: the document, or an item of a list."""
        depth = len(self._stack)
        return depth == 1 or (depth == 3 and self._stack[1][1] == "items")

    def _as_key(self, value: Any, event: Any) -> str:
        """Strings are keys; CONFIG, read as JSON later, also takes numbers and booleans."""
        if isinstance(value, str) and not (self._scalars.strict and timestamp(event.value)):
            return value
        if self._scalars.any_key:
            return NoString(event.value)
        if self._scalars.strict or value is None:
            raise self._no_key(event)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _no_key(self, event: Any) -> Invalid:
        refusal = f"the key {event.value or 'null'} is not a string: quote it"
        if self._scalars.strict:
            refusal += " (json: unsupported type: map[interface {}]interface {})"
        return invalid(refusal, event)

    def _alias_key(self, event: Any, value: Any, container: Any) -> str:
        key = value if isinstance(value, str) else None
        if key is None:
            raise invalid(templates.KEY, event)
        if self._scalars.strict and key in container:
            raise self._twice(event, container)
        return key

    def _again(self, event: Any, container: Any, key: Any, annotations: Any) -> Any:
        """A key that is there already: of annotations the last counts, in a patch the first.

        An object's ``annotations`` may themselves stand there more than once.
        """
        if self._scalars.any_key:
            return Doubled(key)
        if key == _ANNOTATIONS and key in self._scalars.spelled and len(self._stack) == 2:
            before = container[key]
            if self._in_metadata() and (not before or isinstance(before, dict | Blank)):
                self._earlier.append(before)
                return key
        if container is not annotations:
            raise self._twice(event, container)
        return key

    def _put_together(self, metadata: Any) -> None:
        """All annotations of an object, of a key that stands in several maps the first."""
        found = [*self._earlier, metadata[_ANNOTATIONS]]
        if not all(one is None or isinstance(one, dict | Blank) for one in found):
            place = locate.position(self._text, ("metadata", _ANNOTATIONS))
            raise Invalid('mapping key "annotations" already defined', *place)
        rows = [one for one in reversed(found) if isinstance(one, dict)]
        metadata[_ANNOTATIONS] = {key: value for one in rows for key, value in one.items()}

    def _twice(self, event: Any, container: Any) -> Invalid:
        name = event.value if event.__class__ is ScalarEvent else event.anchor
        field = tuple(
            key if key is not _LIST else len(parent) - 1 for parent, key in self._stack[1:]
        )
        line, _ = locate.position(self._text, (*field, name))
        return invalid(f'mapping key "{name}" already defined at line {line}', event)

    def _alias(self, event: Any, container: Any) -> Any:
        """A copy of what an anchor names: two fields never share a container."""
        name = event.anchor
        value = self._anchors.get(name, _UNSEEN)
        if value is _UNSEEN:
            raise invalid(f"MalformedYAMLError: unknown anchor '{name}' referenced", event)
        if value is container or any(value is parent for parent, _ in self._stack):
            raise invalid(f"anchor '{name}' value contains itself", event)
        return copied(value, event, self._budget, len(self._stack))


_GOS = {".inf": "+Inf", "-.inf": "-Inf", ".nan": "NaN"}
