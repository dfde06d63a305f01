"""How much an evaluation may cost the API server at most, from its tree and what it reads.

The server counts while it runs and gives up at a million for an expression and at ten for a
policy; our engine does not count, so this is a bound that never is too low: how often each node
may run, times what it costs by the largest values that may reach it. First by the sizes of all
that is read; where that is too much, by the data itself. As in the server, a policy's variable is
an expression of its own, paid for once. Called by ``environment``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

from reconciler.cel import syntax
from reconciler.cel.extent import MOST, NOTHING, Extent, Sizes, joined, looked_up
from reconciler.cel.syntax import BODY, Node

EXPRESSION = 800_000  # of the server's 1,000,000
POLICY = 8_000_000  # of its 10,000,000 for all expressions of a policy
CONDITIONS = 2_000_000  # of its 2,500,000 for match conditions
_VARIABLES = "variables"
_OWNER = "object"
_NUMBER = 32  # characters of what is no text, as text


class Bound:
    """Of one expression, as it was checked. ``variables`` are those that it may read.

    ``original`` gives the name of a variable of the tree.
    """

    def __init__(
        self, data: bytes, variables: Mapping[str, Bound], original: Callable[[str], str]
    ) -> None:
        self._data = data
        self.variables = variables
        self.original = original
        self._rough: dict[Sizes, int] = {}

    @functools.cached_property
    def root(self) -> Node:
        """Read when it is first asked for, as many policies are loaded that judge nothing."""
        return syntax.read(self._data).root

    def rough(self, sizes: Sizes) -> int:
        """By the sizes of all; worked out once for sizes that are alike."""
        found = self._rough.get(sizes)
        if found is None:
            found = self._rough[sizes] = self.close({_OWNER: Extent.any(sizes)}, sizes)
        return found

    def close(self, names: Mapping[str, Extent], sizes: Sizes) -> int:
        """By what the variables are."""
        return _Count(self, names, sizes.total).cost()


class Bounds:
    """Of all expressions of a policy together."""

    def __init__(self, bounds: Iterable[Bound]) -> None:
        self._bounds = tuple(bounds)
        self._fits: dict[Sizes, bool] = {}

    def fit(self, sizes: Sizes) -> bool:
        """Whether nobody needs to count: all of them may be run, and none costs too much."""
        found = self._fits.get(sizes)
        if found is None:
            costs = [each.rough(sizes) for each in self._bounds]
            fits = sum(costs) <= POLICY and all(each <= EXPRESSION for each in costs)
            found = self._fits[sizes] = fits
        return found


class _Count:
    """One count of one expression."""

    def __init__(self, bound: Bound, names: Mapping[str, Extent], total: int) -> None:
        self._bound = bound
        self._names = names
        self._total = total
        self._variables: dict[str, Extent] = {}

    def cost(self) -> int:
        return self._of(self._bound.root, self._names)[0]

    def _of(self, node: Node, names: Mapping[str, Extent]) -> tuple[int, Extent]:
        """What it costs, and how large its value may be."""
        if node.is_loop:
            return self._loop(node, names)
        if node.is_ident:
            return 1, self._ident(node.name, names)
        if node.is_select:
            return self._select(node, names)
        found = [self._of(each, names) for each in node.children()]
        below = sum(each for each, _ in found)
        extents = [extent for _, extent in found]
        if node.is_call:
            return min(below + _priced(node.name, extents), MOST), self._made(node, extents)
        if node.is_list or node.is_struct:
            size = len(node.parts) + len(node.entries)
            return below + 40, Extent(count=size, below=joined(extents))
        return below + 1, Extent(text=len(node.text() or "") or 1)

    def _ident(self, name: str, names: Mapping[str, Extent]) -> Extent:
        first, dot, rest = name.partition(".")
        first = self._bound.original(first)
        if first == _VARIABLES and first not in names:
            variable, _, more = rest.partition(".")
            found = self._variable(variable)
            return looked_up({"": found}, f".{more}", "") if more else found
        return looked_up(names, first + dot + rest, _OWNER)

    def _select(self, node: Node, names: Mapping[str, Extent]) -> tuple[int, Extent]:
        operand = node.operand
        if operand.is_ident and self._bound.original(operand.name) == _VARIABLES:
            return 2, self._variable(node.name)
        below, found = self._of(operand, names)
        return below + 1, found.field(node.name)

    def _variable(self, name: str) -> Extent:
        """The value of the policy's variable, which costs only where it is worked out."""
        found = self._variables.get(name)
        if found is None:
            bound = self._bound.variables.get(name)
            found = NOTHING
            if bound is not None:
                inner = _Count(bound, self._names, self._total)
                inner._variables = self._variables
                found = inner._of(bound.root, self._names)[1]
            self._variables[name] = found
        return found

    def _loop(self, node: Node, names: Mapping[str, Extent]) -> tuple[int, Extent]:
        *given, kept = node.loop_variables()
        once, ranged = self._part(node, 2, names)
        more, before = self._part(node, 4, names)
        values = (ranged.ranged(),) if len(given) == 1 else (ranged.keys(), ranged.entries())
        inner = {**names, **dict(zip(given, values, strict=False)), kept: before}
        parts = [self._part(node, number, inner) for number in BODY]
        after = _grown(before, parts[-1][1], ranged.count)
        end, result = self._part(node, 7, {**names, kept: after})
        each = sum(cost for cost, _ in parts) + 5
        return min(once + more + end + ranged.count * each + 5, MOST), result

    def _part(self, node: Node, number: int, names: Mapping[str, Extent]) -> tuple[int, Extent]:
        part = node.part(number)
        return self._of(part, names) if part is not None else (0, NOTHING)

    def _made(self, node: Node, extents: list[Extent]) -> Extent:
        """A call's value: of most functions no larger than what they are given."""
        make = _MADE.get(node.name)
        if make is not None:
            return make(extents)
        if node.name in ("_?._", "_[_]", "_[?_]"):
            name = node.args[-1].text()
            return extents[0].field(name) if name is not None else extents[0].entries()
        if node.name == "format":
            weight = sum(each.weight(self._total) for each in extents)
            return Extent(text=weight + _NUMBER * extents[-1].count)
        return joined(extents)


def _grown(before: Extent, step: Extent, times: int) -> Extent:
    """What a loop keeps after so many steps, each of which adds what the first one did."""
    added = max(step.count - before.count, 0)
    whole = joined((before, step))
    return Extent(
        count=before.count + times * added, text=whole.text, parts=whole.parts, below=whole.below
    )


def _sum(extents: list[Extent]) -> Extent:
    whole = joined(extents)
    return Extent(
        count=sum(each.count for each in extents),
        text=sum(each.text for each in extents),
        parts=whole.parts,
        below=whole.below,
    )


def _inserted(extents: list[Extent]) -> Extent:
    """A map with one entry more, or with those of another."""
    first, last = extents[0], extents[-1]
    if len(extents) == 2:
        return _sum(extents)
    below = [last] if first.below is None else [first.below, last]
    return Extent(count=first.count + 1, parts=first.parts, below=joined(below))


def _pieces(extents: list[Extent]) -> Extent:
    text = max(each.text for each in extents)
    return Extent(count=text + 1, below=Extent(text=text))


def _query(extents: list[Extent]) -> Extent:
    """Texts by name, in lists."""
    pieces = _pieces(extents)
    return Extent(count=pieces.count, below=pieces)


def _glued(extents: list[Extent]) -> Extent:
    """Of texts, as all else errs."""
    between = extents[1].text if len(extents) > 1 else 0
    return Extent(text=extents[0].count * (extents[0].entries().text + between))


def _replaced(extents: list[Extent]) -> Extent:
    text, by = extents[0].text, max((each.text for each in extents[1:]), default=1)
    return Extent(text=(text + 1) * (by + 1))


def _times(factor: int) -> Callable[[list[Extent]], Extent]:
    def make(extents: list[Extent]) -> Extent:
        return Extent(text=factor * max(each.text for each in extents) + _NUMBER)

    return make


_MADE: Mapping[str, Callable[[list[Extent]], Extent]] = {
    "_+_": _sum,
    "_?_:_": lambda extents: joined(extents[1:]),
    "cel.@mapInsert": _inserted,
    "split": _pieces,
    "findAll": _pieces,
    "getQuery": _query,
    "join": _glued,
    "replace": _replaced,
    "strings.quote": _times(4),
    "getEscapedPath": _times(3),
    "string": _times(1),
    **dict.fromkeys(
        ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "!_", "_&&_", "_||_", "size"),
        lambda extents: NOTHING,
    ),
}


def _priced(name: str, extents: list[Extent]) -> int:
    """What a call costs beside its arguments; more than the server's own figures."""
    texts = [each.text for each in extents] or [1]
    longest = max(*(each.count for each in extents), *texts) if extents else 1
    if name in ("matches", "find", "findAll", "contains"):
        return (2 + texts[0] // 10) * (2 + texts[-1] // 4)
    if name == "validate":
        return (2 + longest // 10) * 300
    if name in ("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"):
        return longest + extents[0].count + 3
    if name == "@in":
        return 2 + extents[-1].count
    if name.startswith("sets."):
        return 2 + extents[0].count * extents[-1].count
    return 3 + 4 * longest // 10 + sum(texts) // 10
