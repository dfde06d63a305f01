"""The library that checks and runs CEL, behind two functions; nothing else imports it.

``Checker`` knows Kubernetes' types and runs nothing; what it checked, changed by ``environment``,
is run by one runtime for all, in which opaque values are maps. An evaluation ends by itself: the
engine stops after 10,000 iterations of comprehensions.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from cel_expr_python import cel

from reconciler.cel import declarations, messages
from reconciler.cel.errors import CompileError, EvaluationError, TooCostly
from reconciler.cel.functions import FUNCTIONS, INTERNAL, NO_OVERLOAD, OPAQUE, Function

ITERATIONS = 10_000  # of comprehensions, the engine's own bound on one evaluation
_ISSUE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_DEEP = (
    "nested too deep: about 30 levels can be read, where each field, call, sum or condition of a"
    " chain is one; in a policy, variables make it flatter"
)
_UNREAD = "Cannot parse serialized CEL expression"
_BUDGET = "Iteration budget exceeded"

_TYPES: Mapping[str, Any] = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "bool": cel.Type.BOOL,
    "uint": cel.Type.UINT,
    "double": cel.Type.DOUBLE,
    "map": cel.Type.MAP,
    "A": cel.Type.DYN,
    "list": cel.Type.LIST,
    **dict.fromkeys(OPAQUE, cel.Type.MAP),
}


class Checker:
    """Checks expressions over these variables, by name and type; more can be added."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._config = _config(tuple(sorted(variables.items())))
        self._more: dict[str, Any] = {}
        self._env: Any = None

    def check(self, text: str) -> tuple[bytes, Any]:
        """The checked expression, and the engine's word for its type. Raises CompileError."""
        if self._env is None:
            self._env = cel.NewEnv(config=self._config, variables=self._more)
        try:
            expression = self._env.compile(text)
        except RuntimeError as error:
            raise _refused(str(error)) from None
        return expression.serialize(), expression.return_type()

    def add(self, name: str, of: Any) -> None:
        """A variable of a type that ``check`` gave, or of any where that is None."""
        self._more[name] = cel.Type.DYN if of is None else of
        self._env = None


class Expression:
    """A checked expression that can be run."""

    def __init__(self, data: bytes) -> None:
        try:
            self._expression = _runtime().deserialize(data)
        except RuntimeError as error:
            # What was written is well formed, but its variables' own levels are among its levels.
            raise CompileError(_DEEP if _UNREAD in str(error) else str(error)) from None

    def value(self, activation: Any) -> Any:
        """Its value in Python's terms. Raises EvaluationError, TooCostly."""
        try:
            found = self._expression.eval(activation)
        except RuntimeError as error:
            if _BUDGET in str(error):
                raise TooCostly(f"more than {ITERATIONS} iterations") from None
            raise EvaluationError(messages.told(str(error))) from None
        if found.type() == cel.Type.ERROR:
            raise EvaluationError(messages.told(str(found.value())))
        try:
            return found.plain_value()
        except (TypeError, RuntimeError, ValueError):
            raise EvaluationError("the value cannot be used outside of an expression") from None


def activation(data: Mapping[str, Any]) -> Any:
    """What expressions read; values are looked at as they are needed, and must stay as they are."""
    return _runtime().Activation(data)


@functools.cache
def _config(variables: tuple[tuple[str, str], ...]) -> Any:
    return cel.NewEnvConfigFromYaml(declarations.config(dict(variables)))


@functools.cache
def _runtime() -> Any:
    yaml = (
        '{"name": "kubernetes", "extensions": [{"name": "strings", "version": 2},'
        ' {"name": "sets"}, {"name": "optional"}, {"name": "two-var-comprehensions"}]}'
    )
    names = (*declarations.PLAIN, *declarations.SHAPES, "params", "variables")
    return cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(yaml),
        variables=dict.fromkeys(names, cel.Type.DYN),
        extensions=[cel.CelExtension("kubernetes", _implementations())],
    )


def _implementations() -> list[Any]:
    """One overload for each shape of arguments that the engine can tell apart."""
    by_shape: dict[tuple[str, bool, tuple[str, ...]], list[Function]] = {}
    for each in (*FUNCTIONS, *INTERNAL):
        shape = tuple(_shape(of) for of in each.params)
        by_shape.setdefault((each.name, each.member, shape), []).append(each)
    overloads: dict[str, list[Any]] = {}
    for (name, member, shape), functions in by_shape.items():
        overloads.setdefault(name, []).append(
            cel.Overload(
                f"{'_'.join(shape)}_{functions[0].id}",
                cel.Type.DYN,
                [_TYPES[of] for of in shape],
                member,
                _dispatch(functions),
            )
        )
    return [cel.FunctionDecl(name, listed) for name, listed in overloads.items()]


def _shape(of: str) -> str:
    return "list" if of.startswith("list(") else "map" if of in OPAQUE else of


def _dispatch(functions: list[Function]) -> Callable[..., Any]:
    """Which of several it is, the opaque values' own names say."""
    if len(functions) == 1 or functions[0].params[0].startswith("list("):
        return functions[0].run
    by_type = {tuple(OPAQUE.get(of, "") for of in each.params): each.run for each in functions}

    def run(*values: Any) -> Any:
        key = tuple(next(iter(value), "") if isinstance(value, dict) else "" for value in values)
        found = by_type.get(key)
        if found is None:
            raise ValueError(NO_OVERLOAD)
        return found(*values)

    return run


def _refused(text: str) -> CompileError:
    found = _ISSUE.search(text)
    if found is None:
        return CompileError(_DEEP if "recursion" in text else text.partition(" [")[0])
    return CompileError(found[3], line=int(found[1]), column=int(found[2]))
