"""A policy in, its programs out, each compiled once; or why the API server would refuse it.

Called by ``library``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.cel.cost import Bounds
from reconciler.cel.environment import Compiler, Known
from reconciler.cel.errors import CompileError
from reconciler.cel.reads import Path, Read, reads
from reconciler.cel.scope import Program
from reconciler.documents import load
from reconciler.policy.admission.values import Field, Named, Policy, Problem, Source

_SET = frozenset(
    (
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "status",
        "uid",
    )
)
_SERVER_SET = re.compile(rf"\b({'|'.join(sorted(_SET))})\b")
_WHOLE: tuple[Path, ...] = ((), ("metadata",))
MOST_ANNOTATION = 5 * 1024  # characters of an audit annotation's expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A validation's programs; ``message`` is None where it has no expression of its own."""

    expression: Program
    message: Program | None


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """``broken`` is why it cannot be used; its programs are none then."""

    policy: Policy
    variables: Mapping[str, Program]
    conditions: tuple[Program, ...] = ()
    checks: tuple[Check, ...] = ()
    audit: tuple[Program, ...] = ()
    broken: tuple[Problem, ...] = ()

    @functools.cached_property
    def bounds(self) -> Bounds:
        """Of all but the conditions, which the server counts apart."""
        messages = [check.message for check in self.checks if check.message]
        checks = [check.expression for check in self.checks]
        listed = [*self.variables.values(), *checks, *messages, *self.audit]
        return Bounds(program.bound for program in listed)

    @functools.cached_property
    def reads_namespace(self) -> bool:
        """Whether any of it may look at the object's Namespace."""
        named = [*self.policy.variables, *self.policy.audit]
        return any("namespaceObject" in text for text in self._texts(named))

    @functools.cached_property
    def reads_server_set(self) -> bool:
        """Whether any of it may look at what no manifest has."""
        named = [*self.policy.conditions, *self.policy.variables, *self.policy.audit]
        return any(_SERVER_SET.search(text) for text in self._texts(named)) or any(
            (each.path in _WHOLE and not each.presence)
            or not _SET.isdisjoint(each.path)  # however it is spelt in the text
            for each in self._reads
        )

    def looks_within(self, paths: frozenset[Path]) -> bool:
        """Whether the verdict hangs on nothing of the object but what is at or below these."""
        return all(each.is_within(paths) for each in self._reads)

    @functools.cached_property
    def _reads(self) -> frozenset[Read]:
        return frozenset(each for program in self._programs() for each in reads(program.root))

    def _programs(self) -> Iterator[Program]:
        yield from (*self.conditions, *self.variables.values(), *self.audit)
        yield from (check.expression for check in self.checks)

    def _texts(self, named: Iterable[Named]) -> list[str]:
        checks = [each.expression for each in self.policy.validations]
        return [*(each.text for each in named), *checks]

    @property
    def name(self) -> str:
        return self.policy.name


class _Compilation:
    """One policy's expressions, with all that is wrong with them."""

    def __init__(self, policy: Policy, known: Known | None) -> None:
        self._policy = policy
        self._compiler = Compiler(params=policy.params is not None, known=known)
        self._problems: list[Problem] = []

    def run(self) -> Compiled:
        policy = self._policy
        conditions = [
            self._program(each.text, ("matchConditions", number, "expression"), ("bool",), False)
            for number, each in enumerate(policy.conditions)
        ]
        for number, each in enumerate(policy.variables):
            try:
                self._compiler.add_variable(each.name, each.text)
            except CompileError as error:
                self._refused(error, ("variables", number, "expression"), each.text)
        checks = [self._check(number) for number in range(len(policy.validations))]
        audit = [
            self._program(each.text, ("auditAnnotations", number, "valueExpression"), _NULLABLE)
            for number, each in enumerate(policy.audit)
        ]
        if self._problems:
            return Compiled(policy=policy, variables={}, broken=tuple(self._problems))
        return Compiled(
            policy=policy,
            variables=self._compiler.variables,
            conditions=tuple(each for each in conditions if each),
            checks=tuple(each for each in checks if each),
            audit=tuple(each for each in audit if each),
        )

    def _check(self, number: int) -> Check | None:
        validation = self._policy.validations[number]
        at = ("validations", number)
        expression = self._program(validation.expression, (*at, "expression"), ("bool",))
        message = None
        if validation.message_expression:
            text = validation.message_expression
            message = self._program(text, (*at, "messageExpression"), ("string",))
        return Check(expression=expression, message=message) if expression else None

    def _program(
        self, text: str, at: Field, returns: tuple[str, ...], variables: bool = True
    ) -> Program | None:
        try:
            return self._compiler.compile(text, *returns, variables=variables)
        except CompileError as error:
            self._refused(error, at, text)
            return None

    def _refused(self, error: CompileError, at: Field, text: str) -> None:
        line, column = place(self._policy.source, ("spec", *at), error)
        self._problems.append(
            Problem(
                message=f"does not compile: {error.message}",
                path=self._policy.source.path,
                line=line,
                column=column,
                policy=self._policy.name,
                weak=not self._policy.fails,
            )
        )


_NULLABLE = ("string", "null")


def compile_policy(policy: Policy, known: Known | None = None) -> Compiled:
    """Never fails: what is wrong with the policy is ``broken``. ``known`` is shared by many."""
    return _Compilation(policy, known).run()


_BLOCK = re.compile(r":\s*([|>])[-+0-9]*\s*(#.*)?$")


def place(source: Source, at: Field, error: CompileError) -> tuple[int, int]:
    """Where in the file an expression is wrong, as far as the way it is written tells."""
    line, column = load.locate(source.data, source.document, at)
    lines = source.data.decode("utf-8", "replace").split("\n")
    written = lines[line - 1] if line <= len(lines) else ""
    block = _BLOCK.search(written)
    if block and block[1] == "|":
        row = lines[line : line + error.line]
        first = next(_indents(lines[line:]), 0)
        return line + error.line, (first + error.column if row else column)
    if block or error.line > 1:
        return line + (1 if block else 0), column
    start = written.find(":", column - 1) + 1
    value = written[start:].lstrip()
    quoted = 1 if value[:1] in ("'", '"') else 0
    return line, len(written) - len(value) + quoted + error.column


def _indents(lines: list[str]) -> Iterator[int]:
    for line in lines:
        if line.strip():
            yield len(line) - len(line.lstrip())
