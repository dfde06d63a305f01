"""Programs and what they read of one request: values or errors out, within the server's budgets.

Called by whoever compiled them; ``environment`` makes the programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.cel import cost, engine
from reconciler.cel.errors import EvaluationError, TooCostly
from reconciler.cel.extent import Extent, Sizes
from reconciler.cel.syntax import Node

_VARIABLES = "variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """``variables`` are those that must be worked out before it, in their order.

    ``reads`` are all that it reads, those included that stand in it as they were written.
    ``of_params``: it reads parameters and nothing else.
    """

    text: str
    expression: engine.Expression
    variables: tuple[str, ...]
    reads: tuple[str, ...]
    root: Node
    bound: cost.Bound
    of_params: bool

    def value(self, scope: Scope) -> Any:
        """Raises EvaluationError, TooCostly."""
        return scope.run(self)


class Seen:
    """How large something is that expressions read, looked at when somebody asks."""

    def __init__(self, *values: Any) -> None:
        """``results`` are of expressions that read parameters alone, which these are then."""
        self._values = values
        self._sizes: Sizes | None = None
        self.results: dict[engine.Expression, Any] = {}

    @property
    def sizes(self) -> Sizes:
        if self._sizes is None:
            self._sizes = Sizes.of(self._values)
        return self._sizes


class Shared:
    """What several scopes have of the same data: ``seen`` are its parts, handed over once.

    An expression that reads no variables gives each of them the same, and is run once; policies
    often repeat each other's.
    """

    def __init__(self, data: Mapping[str, Any], *seen: Seen) -> None:
        self._data = data
        self._seen = seen or (Seen(*data.values()),)
        self._results: dict[engine.Expression, Any] = {}
        self._sizes: Sizes | None = None
        self._activation: Any = None

    @property
    def sizes(self) -> Sizes:
        if self._sizes is None:
            self._sizes = Sizes.joined([each.sizes for each in self._seen])
        return self._sizes

    def extents(self) -> dict[str, Extent]:
        return {name: Extent.of(value) for name, value in self._data.items()}

    def value(self, program: Program) -> Any:
        """Of a program that reads no variables. Raises EvaluationError, TooCostly."""
        results = self._seen[-1].results if program.of_params else self._results
        found = results.get(program.expression)
        if found is None:
            found = results[program.expression] = self._run(program)
        if isinstance(found, EvaluationError):
            raise type(found)(str(found))
        return found[0]

    def _run(self, program: Program) -> tuple[Any] | EvaluationError:
        if self._activation is None:
            self._activation = engine.activation({**self._data, _VARIABLES: {}})
        try:
            return (program.expression.value(self._activation),)
        except EvaluationError as error:
            return error


class Scope:
    """What the expressions of one policy read of one request; each variable is worked out once."""

    def __init__(
        self,
        programs: Mapping[str, Program],
        data: Mapping[str, Any],
        shared: Shared | None = None,
        bounds: cost.Bounds | None = None,
        budget: int = cost.POLICY,
    ) -> None:
        """``shared`` is what scopes over the same data have of it; ``bounds`` are of all that may
        be run, and ``budget`` is for that."""
        self._programs = programs
        self._data = data
        self._shared = shared or Shared(data)
        self._budget = budget
        self._values: dict[str, Any] = {}
        self._errors: dict[str, EvaluationError] = {}
        self._paid: set[str] = set()
        self._is_free = bounds is not None and bounds.fit(self._shared.sizes)
        self._activation: Any = None

    def run(self, program: Program) -> Any:
        """Raises EvaluationError, TooCostly."""
        if not self._is_free:
            for name in program.reads:
                if name not in self._paid:
                    self._paid.add(name)
                    self._spend(self._programs[name])
            self._spend(program)
        try:
            return self._value(program)
        except TooCostly as error:
            if error.text:
                raise
            words = f"expression '{program.text}' takes {error}"
            raise TooCostly(words, program.text) from None

    def _value(self, program: Program) -> Any:
        for name in program.variables:
            if name not in self._values and name not in self._errors:
                self._work_out(name)
        try:
            if not program.variables:
                return self._shared.value(program)
            if self._activation is None:
                values = {**self._data, _VARIABLES: dict(self._values)}
                self._activation = engine.activation(values)
            return program.expression.value(self._activation)
        except EvaluationError as error:
            raise self._blamed(program, error) from None

    def _spend(self, program: Program) -> None:
        most = program.bound.rough(self._shared.sizes)
        if most > cost.EXPRESSION or most > self._budget:
            most = program.bound.close(self._shared.extents(), self._shared.sizes)
            if most > cost.EXPRESSION or most > self._budget:
                words = f"expression '{program.text}' may cost up to {most}"
                raise TooCostly(words, program.text)
        self._budget -= most

    def _work_out(self, name: str) -> None:
        try:
            self._values[name] = self._value(self._programs[name])
        except TooCostly:
            raise
        except EvaluationError as error:
            self._errors[name] = error
        self._activation = None

    def _blamed(self, program: Program, error: EvaluationError) -> EvaluationError:
        """Says which variable failed, where it was one: the last that did has it from the others.

        One that was worked out and failed is no key of the variables, which is not what is wrong.
        """
        if isinstance(error, TooCostly):
            return error
        for name in reversed(program.reads):
            why = self._error_of(name)
            lost = f"no such key: {name}" if name in program.variables else "\0"
            if why is not None and (str(why).endswith(str(error)) or str(error) == lost):
                words = f'composited variable "{name}" fails to evaluate: {why}'
                return type(why)(words)
        return error

    def _error_of(self, name: str) -> EvaluationError | None:
        if name not in self._values and name not in self._errors:
            self._work_out(name)
        return self._errors.get(name)
