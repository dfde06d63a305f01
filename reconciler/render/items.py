"""An object on its way through the build.

An Item is never changed after it was made, and neither is its value: a step that changes an
object makes a new Item whose value shares everything that stayed the same. So levels can be
kept and handed to any number of overlays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from reconciler.model.origins import Origin
from reconciler.render import ids
from reconciler.render.bare import Bare
from reconciler.render.ids import Former, Id
from reconciler.render.provenance import Trace
from reconciler.render.sharing import Group

Value = dict[str, Any]
Path = tuple[str | int, ...]


class Books(NamedTuple):
    """What is kept of an object beside its value, for steps that come later.

    ``prefixes`` and ``suffixes`` are those added so far, oldest first; ``hashed`` says that its
    name gets a hash at the end; ``behavior`` is a generated object's (create, merge, replace);
    ``variables`` are the names of the vars that point at it; ``blanks`` the nulls in it for
    which the file has nothing at all, which a strategic merge patch drops; ``shared`` groups
    places that hold one string (``sharing``); ``bare`` are the scalars that have no type yet;
    ``trace`` is what made and changed it, where the build was asked to tell.
    """

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    hashed: bool = False
    behavior: str = ""
    variables: tuple[str, ...] = ()
    blanks: tuple[Path, ...] = ()
    shared: tuple[Group, ...] = ()
    bare: tuple[Bare, ...] = ()
    trace: Trace | None = None


NO_BOOKS = Books()


class Item:
    """``id`` is what the object is called now; ``former`` what it was called, oldest first."""

    __slots__ = ("books", "former", "id", "origin", "value")

    def __init__(
        self,
        value: Value,
        origin: Origin,
        former: tuple[Former, ...] = (),
        books: Books = NO_BOOKS,
        known: Id | None = None,
    ) -> None:
        """``known``: its id, where the maker knows it."""
        self.value = value
        self.origin = origin
        self.former = former
        self.books = books
        self.id = ids.of(value) if known is None else known

    @property
    def original(self) -> Id:
        """What the object was called first."""
        return ids.of_former(self.id.kind, self.former[0]) if self.former else self.id

    @property
    def first_space(self) -> str:
        """``original.space``."""
        return self.former[0].space if self.former else self.id.space

    @property
    def first_kind(self) -> ids.Kind:
        """``original.kind``."""
        now, former = self.id.kind, self.former
        if not former or former[0].kind == now.kind:
            return now
        return now._replace(kind=former[0].kind)

    @property
    def is_noted(self) -> bool:
        """Whether kustomize has noted something of the object by now: it does in annotations."""
        books = self.books
        generated = self.origin.generator or books.hashed or books.behavior
        return bool(
            self.former or generated or books.prefixes or books.suffixes or books.trace is not None
        )

    def formers(self) -> list[Id]:
        kind = self.id.kind
        return [ids.of_former(kind, former) for former in self.former]

    def answers_to(self, key: tuple[ids.Kind, str, str]) -> bool:
        """Whether the object is, or was, called so."""
        now, (kind, name, space) = self.id, key
        if now.name == name and now.space == space and now.kind == kind:
            return True
        for former in self.former:
            if former.name == name and former.space == space and former.kind == kind.kind:
                return now.kind[:2] == kind[:2]
        return False

    def was_called(self, name: str) -> bool:
        """Whether its present or any former name is this one."""
        if self.id.name == name:
            return True
        for former in self.former:  # noqa: SIM110 - asked for every object, and twice as quick
            if former.name == name:
                return True
        return False

    def with_value(self, value: Value) -> Item:
        """The same object with another value; itself if nothing changed."""
        old = self.value
        if value is old:
            return self
        called = self.id if _called_alike(value, old) else None
        return Item(value, self.origin, self.former, self.books, called)

    def with_books(self, books: Books) -> Item:
        """The same object with other books."""
        return Item(self.value, self.origin, self.former, books, self.id)

    def remembering(self, value: Value | None = None) -> Item:
        """The same object, or one with another value, its present name kept among the former."""
        now, old = self.id, self.value
        if value is None:
            value = old
        if not now.name:
            return self.with_value(value)
        former = (*self.former, Former(now.kind.kind, now.name, now.space))
        called = now if value is old or _called_alike(value, old) else None
        return Item(value, self.origin, former, self.books, called)


def _called_alike(value: Value, old: Value) -> bool:
    """Whether what makes the id is the very same. What is merely equal is looked at once more."""
    try:
        if value["kind"] is not old["kind"] or value["apiVersion"] is not old["apiVersion"]:
            return False
        now, before = value["metadata"], old["metadata"]
        if now is before:
            return True
        if now["name"] is not before["name"]:
            return False
        return now.get("namespace") is before.get("namespace")
    except (KeyError, TypeError):  # something is missing, or no mapping
        return False


Step = Callable[[list[Item]], list[Item]]  # what a transformer is, once it is configured
