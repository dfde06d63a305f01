"""The policies of a site: names and a tree in, compiled policies with their bindings out.

A NAME is the file ``policies/NAME.yaml``. It holds policies, their bindings and, where it likes,
parameters for them, as it could be given to ``kubectl apply``. Compiled files are kept by their
digest. Called where objects are judged, which is the render child and ``validate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.cel.environment import Known
from reconciler.model.errors import FileError
from reconciler.model.refs import POLICIES
from reconciler.model.rendered import Tree
from reconciler.policy.admission import files
from reconciler.policy.admission.compiled import Compiled, compile_policy
from reconciler.policy.admission.values import Binding, Problem

_KEPT = 500  # files


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What holds at a site. What is broken is not among it: it fails as its problem says.

    ``params`` come with the files; a site's own come before them."""

    policies: tuple[Compiled, ...] = ()
    bindings: Mapping[str, tuple[Binding, ...]] = field(default_factory=dict)  # by policy
    params: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    read: files.Read
    compiled: tuple[Compiled, ...]


class Shelf:
    """Compiled files by digest, for as long as the process lives."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], _File] = {}
        self._known = Known()

    def load(self, tree: Tree, names: Iterable[str]) -> Library:
        """Raises MissingBlobs, and nothing that a file's content causes."""
        found = [self._file(tree, f"{POLICIES}/{name}.yaml") for name in dict.fromkeys(names)]
        return _joined(found)

    def _file(self, tree: Tree, path: str) -> _File:
        try:
            key = (path, tree.digest(path))
            if key not in self._files:
                if len(self._files) >= _KEPT:
                    self._files.clear()
                self._files[key] = self._made(files.read(path, tree.read(path)))
            return self._files[key]
        except FileNotFoundError:
            return _unreadable(path, "the file is missing")
        except FileError as error:
            return _unreadable(path, error.message)

    def _made(self, read: files.Read) -> _File:
        compiled = tuple(compile_policy(each, self._known) for each in read.policies)
        return _File(read=read, compiled=compiled)


def _unreadable(path: str, why: str) -> _File:
    return _File(read=files.Read(problems=(Problem(message=why, path=path, line=1),)), compiled=())


def _joined(found: list[_File]) -> Library:
    policies: dict[str, Compiled] = {}
    bindings: dict[str, dict[str, Binding]] = {}
    problems = [problem for each in found for problem in each.read.problems]
    params: list[Mapping[str, Any]] = []
    for each in found:
        params += each.read.others
        for compiled in each.compiled:
            other = policies.setdefault(compiled.name, compiled)
            if other is not compiled:
                problems.append(_twice("policy", compiled.policy, other.policy.source.path))
            problems += compiled.broken
        for binding in each.read.bindings:
            same = bindings.setdefault(binding.policy, {})
            if same.setdefault(binding.name, binding) is not binding:
                problems.append(_twice("binding", binding, same[binding.name].source.path))
    problems += _loose(policies, bindings)
    return Library(
        policies=tuple(each for each in policies.values() if not each.broken),
        bindings={name: tuple(each.values()) for name, each in bindings.items()},
        params=tuple(params),
        problems=tuple(problems),
    )


def _twice(what: str, each: Any, other: str) -> Problem:
    message = f"{what} {each.name} is declared twice, the other one in {other}"
    return files.problem(each.source, ("metadata", "name"), message)


def _loose(
    policies: Mapping[str, Compiled], bindings: Mapping[str, Mapping[str, Binding]]
) -> Iterable[Problem]:
    """What has no effect, which nobody wants."""
    for name, compiled in policies.items():
        if name not in bindings:
            source = compiled.policy.source
            words = f"policy {name} has no binding, so that it judges nothing"
            yield files.problem(source, ("metadata", "name"), words, weak=True)
    for name, listed in bindings.items():
        if name not in policies:
            for binding in listed.values():
                words = f"there is no policy {name}"
                yield files.problem(binding.source, ("spec", "policyName"), words)
