"""Trees made of others."""

from __future__ import annotations

import pytest

from reconciler.model.rendered import FileKind
from reconciler.render import trees
from tests.trees import DictTree

FILES = trees.Files({"a": b"1", "b": b"2"})
BOTH = trees.Beside({"one": FILES, "two": trees.Files({})})


def test_files_lie_in_one_folder() -> None:
    assert [FILES.kind(path) for path in ("", "a", "c", "a/b")] == ["folder", "file", None, None]
    assert FILES.names("") == ("a", "b")
    assert FILES.read("b") == b"2"


def test_trees_lie_beside_each_other() -> None:
    kinds = [BOTH.kind(path) for path in ("", "one", "one/a", "one/c", "three", "three/a")]
    assert kinds == ["folder", "folder", "file", None, None, None]
    assert (BOTH.names(""), BOTH.names("one")) == (("one", "two"), ("a", "b"))
    assert BOTH.read("one/a") == b"1"


@pytest.mark.parametrize("path", ["c", "one/c", "three/a"])
@pytest.mark.parametrize("tree", [FILES, BOTH])
def test_what_is_not_there_is_not_found(tree: trees.Files | trees.Beside, path: str) -> None:
    for ask in (tree.read, tree.names, tree.digest):
        with pytest.raises(FileNotFoundError):
            ask(path)


def test_digests_are_equal_for_equal_content_only() -> None:
    assert FILES.digest("") == trees.Files({"b": b"2", "a": b"1"}).digest("")
    assert FILES.digest("") != trees.Files({"a": b"1", "b": b"3"}).digest("")
    assert FILES.digest("a") != FILES.digest("b")
    assert BOTH.digest("one") == FILES.digest("")
    assert BOTH.digest("") != trees.Beside({"one": FILES}).digest("")


class Asked(trees.Files):
    """Counts how often it is asked for what costs."""

    def __init__(self) -> None:
        super().__init__({"a": b"1"})
        self.asked: list[str] = []

    def digest(self, path: str) -> str:
        self.asked.append(f"digest {path}")
        return super().digest(path)

    def kind(self, path: str) -> FileKind | None:
        self.asked.append(f"kind {path}")
        return super().kind(path)

    def link(self, path: str) -> str | None:
        self.asked.append(f"link {path}")
        return super().link(path)


def test_a_remembered_tree_is_asked_once() -> None:
    tree = Asked()
    remembered = trees.Remembered(tree)
    for _ in range(2):
        assert [remembered.kind(path) for path in ("a", "b")] == ["file", None]
        assert remembered.digest("a") == FILES.digest("a")
        assert (remembered.names(""), remembered.read("a")) == (("a",), b"1")
        assert remembered.link("a") is None
    assert tree.asked == ["kind a", "kind b", "digest a", "link a"]


def test_links_of_trees_are_told_by_the_tree_that_has_them() -> None:
    one, two = (DictTree({}, {"link": target}) for target in ("1", "2"))
    beside = trees.Beside({"one": one, "two": two})
    assert [beside.link(path) for path in ("one/link", "two/link", "three/link", "", "one")] == [
        "1",
        "2",
        None,
        None,
        None,
    ]
    laid = trees.Laid(beside, trees.Beside({"two": one}), ("two",))
    assert [laid.link("one/link"), laid.link("two/link")] == ["1", "1"]


def laid() -> trees.Laid:
    base = trees.Beside({"site": trees.Files({"k": b"old", "site.yaml": b"old"})})
    over = trees.Beside({"site": trees.Files({"k": b"new", "settings": b"new"})})
    return trees.Laid(base, over, ("site/site.yaml", "site/settings"))


def test_a_laid_folder_comes_from_the_other_tree_as_a_whole() -> None:
    old = trees.Beside({"policies": trees.Files({"a": b"old", "b": b"old"})})
    new = trees.Beside({"policies": trees.Files({"a": b"new"})})
    tree = trees.Laid(old, new, ("policies",))
    assert (tree.names(""), tree.names("policies")) == (("policies",), ("a",))
    assert tree.read("policies/a") == b"new" and tree.kind("policies/b") is None
    assert tree.digest("policies") == new.digest("policies")
    assert tree.digest("") != trees.Laid(old, old, ("policies",)).digest("")


def test_a_laid_file_comes_from_the_other_tree_or_is_not_there() -> None:
    tree = laid()
    assert tree.names("site") == ("k", "settings")
    assert (tree.read("site/k"), tree.read("site/settings")) == (b"old", b"new")
    assert tree.kind("site/site.yaml") is None
    assert (tree.kind("site"), tree.names("")) == ("folder", ("site",))


def test_a_folder_with_laid_files_has_the_digest_of_both() -> None:
    base = trees.Beside({"site": trees.Files({"k": b"old", "site.yaml": b"old"})})
    other = trees.Beside({"site": trees.Files({"settings": b"newer"})})
    tree, newer = laid(), trees.Laid(base, other, ("site/site.yaml", "site/settings"))
    for path in ("", "site", "site/settings"):
        assert tree.digest(path) != newer.digest(path)
    assert tree.digest("site/k") == newer.digest("site/k") == base.digest("site/k")
