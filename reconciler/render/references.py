"""Name references: fields that hold another object's name follow it when it changes.

Which fields of which kinds hold names of which kind is a table (``config``). An object is found
by any name that it had before; where several had it, those count whose prefixes and suffixes
and namespace agree with the referring object's. Runs once, over all objects of the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

from reconciler.model.errors import RenderError
from reconciler.render import bare, places
from reconciler.render.config import NameReference
from reconciler.render.fieldspecs import Unfit
from reconciler.render.finding import Finder, Hit
from reconciler.render.ids import CLUSTER, Id, Kind
from reconciler.render.items import Item, Value
from reconciler.render.scalars import text

_ROLE = "roleRef/name"
_NONE = frozenset[str]()
_BY_RANK = itemgetter(0, 3)


def finder(rows: tuple[NameReference, ...]) -> Finder:
    """The fields that hold names, each with the kind that it names."""
    return Finder((spec, target) for target, referrers in rows for spec in referrers)


def fixed(items: list[Item], fields: Finder) -> list[Item]:
    """The items with every reference to a renamed object brought up to date. Raises RenderError."""
    known = _Known(items)
    return [_fixed(item, fields, known) for item in items]


def _fixed(item: Item, fields: Finder, known: _Known) -> Item:
    try:
        more_spaces = _subject_spaces(item) if item.id.kind.kind == "RoleBinding" else _NONE
        hits = fields.hits(item.value, item.first_kind)
        for _, _, _, _, old in hits:
            if not isinstance(old, str) or old in known.renamed:
                break
        else:  # every name is still that of what is meant
            return item
        return item.with_value(_Referrer(item, known, more_spaces).fixed(hits))
    except Unfit as unfit:
        raise RenderError(
            f"updating name reference in a field of '{item.id}': {unfit}",
            path=item.origin.path,
            line=item.origin.line,
        ) from None


def _subject_spaces(item: Item) -> frozenset[str]:
    """Namespaces of the accounts that a RoleBinding names."""
    subjects = item.value.get("subjects")
    spaces = set()
    for subject in subjects if isinstance(subjects, list) else ():
        if isinstance(subject, dict) and "namespace" in subject:
            if subject.get("kind") != "ServiceAccount":
                continue
            if not isinstance(subject["namespace"], str):
                raise RenderError(
                    f'Invalid Input: namespace is blank for resource "{item.id}"',
                    path=item.origin.path,
                    line=item.origin.line,
                )
            spaces.add(subject["namespace"])
    return frozenset(spaces)


class _Known:
    """The objects that have had other names or namespaces, by each name that they had."""

    def __init__(self, items: list[Item]) -> None:
        self.by_name: dict[str, list[Item]] = {}
        self.renamed: set[str] = set()  # by which one at least is called no longer
        for item in items:
            now = item.id.name
            for name in {former.name for former in item.former}:
                self.by_name.setdefault(name, []).append(item)
                if name != now:
                    self.renamed.add(name)
        self._items = items
        self._called: dict[tuple[str, Kind, str, frozenset[str]], list[Item]] = {}

    def called(self, name: str, kind: Kind, space: str, more: frozenset[str]) -> list[Item]:
        """The objects that were ever called so and of that kind, and can be referred to.

        ``space`` is the referring object's, ``more`` those of which it may refer to accounts.
        Remembered, as many refer to one. Not to be changed.
        """
        key = (name, kind, space, more)
        found = self._called.get(key)
        if found is None:
            found = self._called[key] = [
                item
                for item in self.by_name.get(name, ())
                if _was(item, kind) and _reaches(item.id, space, more)
            ]
        return found

    @cached_property
    def by_first_space(self) -> dict[str, list[Item]]:
        """The objects by the namespace that they were first in."""
        found: dict[str, list[Item]] = {}
        for item in self._items:
            found.setdefault(item.first_space, []).append(item)
        return found


class _Referrer:
    """One object, and what it may refer to."""

    def __init__(self, item: Item, known: _Known, more_spaces: frozenset[str]) -> None:
        """``more_spaces``: those of which it may refer to accounts."""
        self._item = item
        self._known = known
        self._space = item.id.space
        self._more_spaces = more_spaces

    def fixed(self, hits: Sequence[Hit]) -> Value:
        """The object's value with what the hits lead to brought up to date. Raises Unfit."""
        before, owned, renamed = self._item.value, set[int](), self._known.renamed
        value = before
        for _, path, target, place, found in sorted(hits, key=_BY_RANK) if len(hits) > 1 else hits:
            # Another hit may have changed what is there.
            old = found if value is before else places.at(value, place)
            if isinstance(old, str) and old not in renamed:
                continue
            new = [] if old is None else self._renamed(old, path, target)
            if new is not old:
                value = places.put(value, place, new, owned)
        return value

    # -- one field -----------------------------------------------------------------

    def _renamed(self, old: Any, path: str, target: Kind) -> Any:
        if isinstance(old, list):
            new = [self._renamed_one(item, path, target) for item in old]
            return old if all(a is b for a, b in zip(new, old, strict=True)) else new
        return self._renamed_one(old, path, target)

    def _renamed_one(self, old: Any, path: str, target: Kind) -> Any:
        if old is None:
            return old
        if isinstance(old, dict):
            return self._renamed_map(old, path, target)
        if isinstance(old, list):
            raise Unfit(f"a list at '{path}' is expected to be either a string or a map of string")
        name = text(old)
        if name not in self._known.renamed:
            return old  # whichever is meant is still called so
        found = self._find(name, path, target, None)
        return old if found is None or found.id.name == name else found.id.name

    def _renamed_map(self, old: dict[str, Any], path: str, target: Kind) -> dict[str, Any]:
        if "name" not in old:
            raise Unfit(f"in '{path}': path config error; no 'name' field in node")
        name = text(old["name"])
        space = text(old["namespace"]) if "namespace" in old else None
        found = self._find(name, path, target, space, whole=True)
        if found is None:
            return old
        now = found.id
        new = {**old, "name": now.name}
        if now.namespace:
            new["namespace"] = (
                bare.over(old["namespace"], now.namespace) if "namespace" in old else now.namespace
            )
        return old if new == old else new

    def _find(
        self, name: str, path: str, target: Kind, space: str | None, *, whole: bool = False
    ) -> Item | None:
        """The object that ``name`` means, or None. Raises Unfit where several may be meant."""
        found = self._known.called(name, target, self._space, self._more_spaces)
        if found and whole and space is not None:
            found = self._in_space(found, space)
        if found and path.endswith(_ROLE):
            role = self._role()
            if role is not None:
                found = [item for item in found if _was(item, role)]
        if len(found) > 1:
            found = self._agreeing(found)
        if len(found) > 1 and not _alike(found, whole=whole):
            shown = ", ".join(str(item.id) for item in found)
            places = "; ".join(f"{item.id} from {item.origin}" for item in found)
            raise Unfit(f"found multiple possible referrals: {shown} ({places})")
        return found[0] if found else None

    def _sees(self, item: Item) -> bool:
        """Whether that one is considered at all: a RoleBinding looks where its accounts are."""
        return _is_near(item.id, self._space) or item.id.namespace in self._more_spaces

    def _in_space(self, found: list[Item], space: str) -> list[Item]:
        """Those that were first in a namespace; if nothing was, those that are there now."""
        first = self._known.by_first_space.get(space, ()) if space != CLUSTER else ()
        if any(self._sees(item) for item in first):
            return [item for item in found if item.first_space == space]
        return [item for item in found if item.id.space == space != CLUSTER]

    def _role(self) -> Kind | None:
        role = self._item.value.get("roleRef")
        if not isinstance(role, dict) or "apiGroup" not in role or "kind" not in role:
            return None
        return Kind(text(role["apiGroup"]), "", text(role["kind"]))

    def _agreeing(self, found: list[Item]) -> list[Item]:
        """Those whose prefixes and suffixes end as this object's do, or that have none."""
        me = self._item
        loose = [
            item
            for item in found
            if _ends_alike(item.books.prefixes, me.books.prefixes, empty=True)
            and _ends_alike(item.books.suffixes, me.books.suffixes, empty=True)
        ]
        if len(loose) <= 1:
            return loose
        return [
            item
            for item in loose
            if _ends_alike(item.books.prefixes, me.books.prefixes, empty=False)
            and _ends_alike(item.books.suffixes, me.books.suffixes, empty=False)
        ]


def _reaches(to: Id, space: str, more: frozenset[str]) -> bool:
    """Whether an object in ``space`` can refer to that one at all."""
    return _is_near(to, space) or (to.kind.kind == "ServiceAccount" and to.namespace in more)


def _is_near(to: Id, space: str) -> bool:
    return space == CLUSTER or to.space in (CLUSTER, space)


def _was(item: Item, kind: Kind) -> bool:
    """Whether the object was ever of a kind; its group and version are what they are now."""
    now = item.id.kind
    if (kind.group and kind.group != now.group) or (kind.version and kind.version != now.version):
        return False
    wanted, former = kind.kind, item.former
    if not wanted or former[0].kind == wanted:
        return True
    return any(one.kind == wanted for one in former)


def _ends_alike(mine: tuple[str, ...], others: tuple[str, ...], *, empty: bool) -> bool:
    if not mine or not others:
        return empty or mine == others
    size = min(len(mine), len(others))
    return mine[-size:] == others[-size:]


def _alike(found: list[Item], *, whole: bool) -> bool:
    """Whether it makes no difference which one is meant."""
    names = {(item.id.name, item.id.namespace if whole else "") for item in found}
    return len(names) == 1
