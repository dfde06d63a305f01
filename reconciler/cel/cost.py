"""How much an evaluation may cost the API server at most, from its tree and what it reads.

The server counts while it runs and gives up at a million for an expression; our engine does not
count, so this is a bound that never is too low: how often each node may run, times what it costs
by the longest text and the largest collection that it can see. First by the sizes of all that is
read; where that is too much, by the sizes below each field's name. Called by ``environment``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.cel.syntax import Node

EXPRESSION = 800_000  # of the server's 1,000,000
POLICY = 8_000_000  # of its 10,000,000 for all expressions of a policy
CONDITIONS = 2_000_000  # of its 2,500,000 for match conditions
_MOST = 10**15  # past which counting on says nothing


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest collection and the longest text in what is read, and the length of all texts."""

    collection: int = 1
    text: int = 1
    total: int = 1

    @classmethod
    def of(cls, values: Iterable[Any]) -> Sizes:
        """Each rounded up, so that few are different."""
        collection = text = total = 1
        left = list(values)
        while left:
            each = left.pop()
            if isinstance(each, str):
                size = len(each)
                total += size
                text = max(text, size)
            elif isinstance(each, dict):
                collection = max(collection, len(each))
                if each:
                    longest = max(map(len, each))
                    text = max(text, longest)
                    total += longest * len(each)
                left.extend(each.values())
            elif isinstance(each, list):
                collection = max(collection, len(each))
                left.extend(each)
        return cls(_up(collection), _up(text), _up(total))

    def with_(self, other: Sizes) -> Sizes:
        """Of both together."""
        return Sizes(
            max(self.collection, other.collection),
            max(self.text, other.text),
            max(self.total, other.total) * 2,
        )


@dataclass(slots=True)
class Names:
    """The largest collection and the longest text below each field's name."""

    collections: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    seen: int = 0

    def read(self, value: Any) -> Names:
        left: list[tuple[str, Any]] = [("", value)]
        while left:
            name, each = left.pop()
            self.seen += 1
            if isinstance(each, str):
                self.texts[name] = max(self.texts.get(name, 1), len(each))
            elif isinstance(each, dict | list):
                self.collections[name] = max(self.collections.get(name, 1), len(each))
                if isinstance(each, dict):
                    longest = max((len(str(key)) for key in each), default=1)
                    self.texts[""] = max(self.texts.get("", 1), longest)
                    left.extend((str(key), inner) for key, inner in each.items())
                else:
                    left.extend((name, inner) for inner in each)
        return self


def _up(size: int) -> int:
    return 1 << (size - 1).bit_length() if size > 1 else 1


class Bound:
    """Of one expression. ``variables`` are the roots of those that it may read."""

    def __init__(self, root: Node, variables: Mapping[str, Node]) -> None:
        self._root = root
        self._variables = variables
        self._rough: dict[Sizes, int] = {}

    def rough(self, sizes: Sizes) -> int:
        """By the sizes of all; worked out once for sizes that are alike."""
        found = self._rough.get(sizes)
        if found is None:
            found = self._rough[sizes] = _Count(sizes, self._variables, None).of(self._root)
        return found

    def close(self, names: Names, sizes: Sizes) -> int:
        """By the sizes below each name as well."""
        return _Count(sizes, self._variables, names).of(self._root)


class _Count:
    """One count. Loop variables are known by the nodes that they run over."""

    def __init__(self, sizes: Sizes, variables: Mapping[str, Node], names: Names | None) -> None:
        self._sizes = sizes
        self._variables = variables
        self._names = names
        self._ranges: dict[str, Node] = {}
        self._texts: dict[int, int] = {}  # by node, which stand as long as the count

    def of(self, node: Node) -> int:
        if node.is_loop:
            return self._loop(node)
        below = sum(map(self.of, node.children()))
        if node.is_call:
            return min(below + self._call(node), _MOST)
        extra = 10 * (node.is_list or node.is_struct) + 20 * node.is_struct
        return below + 1 + extra

    def _loop(self, node: Node) -> int:
        ranged = node.part(2)
        assert ranged is not None
        names = node.loop_variables()[:-1]
        before = {name: self._ranges.get(name) for name in names}
        self._ranges.update(dict.fromkeys(names, ranged))
        each = sum(self.of(part) for number in (5, 6) if (part := node.part(number)))
        once = self.of(ranged) + sum(
            self.of(part) for number in (4, 7) if (part := node.part(number))
        )
        for name, old in before.items():
            if old is None:
                self._ranges.pop(name, None)
            else:
                self._ranges[name] = old
        return min(once + self.size(ranged) * (each + 5) + 5, _MOST)

    def _call(self, node: Node) -> int:
        """What it costs beside its arguments."""
        values = [*([node.target] if node.target else []), *node.args]
        texts = [self.text(each) for each in values]
        longest = max(texts, default=1)
        if node.name in ("matches", "find", "findAll", "contains"):
            return (2 + texts[0] // 10) * (2 + texts[-1] // 4)
        if node.name == "validate":
            return (2 + longest // 10) * 300
        if node.name in ("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"):
            return longest + self.size(values[0])
        if node.name == "@in":
            return 2 + self.size(values[-1])
        if node.name.startswith("sets."):
            return 2 + self.size(values[0]) * self.size(values[-1])
        return 3 + 4 * longest // 10 + sum(texts) // 10

    def size(self, node: Node) -> int:
        """How many a collection has at most."""
        if node.is_list or node.is_struct:
            return len(node.parts) + len(node.entries)
        if node.is_loop:
            ranged = node.part(2)
            return self.size(ranged) if ranged else 1
        if node.is_call:
            return self._size_of_call(node)
        found = self._variable(node)
        if found is not None:
            return self.size(found)
        named = self._names.collections if self._names else None
        return self._looked_up(node, named, self._sizes.collection)

    def _size_of_call(self, node: Node) -> int:
        if node.name == "_+_":
            return sum(map(self.size, node.args))
        if node.name == "_?_:_":
            return max(map(self.size, node.args[1:]))
        if node.name in ("split", "findAll", "getQuery"):
            return 1 + max(map(self.text, node.children()), default=1)
        return self._sizes.collection

    def text(self, node: Node) -> int:
        """How long a text is at most; 1 for what is none."""
        key = id(node)
        if key not in self._texts:
            self._texts[key] = self._text(node)
        return self._texts[key]

    def _text(self, node: Node) -> int:
        if node.is_const:
            return len(node.text() or "-")
        if node.is_loop or node.is_list or node.is_struct:
            return max(map(self.text, node.children()), default=1)  # of what is in it
        if node.is_call:
            return self._text_of_call(node)
        found = self._variable(node)
        if found is not None:
            return self.text(found)
        named = self._names.texts if self._names else None
        return self._looked_up(node, named, self._sizes.text)

    def _text_of_call(self, node: Node) -> int:
        values = [*([node.target] if node.target else []), *node.args]
        if node.name in ("_+_", "_format", "replace", "join", "_?_:_"):
            known = sum(map(self.text, values))
            looped = self._sizes.total if node.name in ("_format", "join") else 0
            return min(known * (4 if node.name == "replace" else 1) + looped + 1, _MOST)
        return max(map(self.text, values), default=1)

    def _variable(self, node: Node) -> Node | None:
        """The expression of a variable of the policy."""
        if node.is_select and node.operand.is_ident and node.operand.name == "variables":
            return self._variables.get(node.name)
        return None

    def _looked_up(self, node: Node, named: Mapping[str, int] | None, most: int) -> int:
        """By the name of the field that it is selected by, or that its range is."""
        if named is None:
            return most
        if node.is_select:
            return named.get(node.name, 1)
        ranged = self._ranges.get(node.name) if node.is_ident else None
        if ranged is None:
            return most
        if ranged.is_select and self._variable(ranged) is None:
            return max(named.get(ranged.name, 1), named.get("", 1))
        return self.text(ranged) if named is not None and self._is_texts(named) else most

    def _is_texts(self, named: Mapping[str, int]) -> bool:
        return self._names is not None and named is self._names.texts
