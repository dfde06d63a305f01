"""Kubernetes' CEL for one policy: text in, programs out, which give values or errors.

    compiler = Compiler(params=True)
    compiler.add_variable("images", "object.spec.containers.map(c, c.image)")
    program = compiler.compile("variables.images.all(i, i.startsWith('registry/'))", "bool")
    program.value(Scope(compiler.variables, {"object": ...}))

What the API server refuses when a policy is created raises CompileError here. Called by
``policy`` and by ``health``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.cel import cost, declarations, engine, functions, gotext, refusals, syntax
from reconciler.cel.errors import CompileError, EvaluationError, TooCostly
from reconciler.cel.extent import Extent, Sizes
from reconciler.cel.functions import FUNCTIONS
from reconciler.cel.syntax import Checked, Node

LONGEST = 16_384  # characters of an expression; past it neither checking nor reading is cheap
_VARIABLES = "variables"
_OPTIONAL = frozenset(each.name for each in FUNCTIONS if each.optional)
_HAS = re.compile(r"\bhas(\s*\(\s*)(request|namespaceObject|variables)\b")
_RENAMED = {
    "format": functions.FORMAT,
    "cel.@mapInsert": functions.INSERT,
    "matches": functions.MATCHES,
}
_BY_COUNT = {
    ("substring", 2): functions.SUBSTRING,
    ("indexOf", 2): functions.INDEX,
    ("lastIndexOf", 2): functions.LAST_INDEX,
}
_EQUALITY = ("_==_", "_!=_")
_TYPES = {"bool": "BOOL", "string": "STRING", "null": "NULL"}
_NO_TEXT = ("UINT", "DURATION", "TIMESTAMP", "TYPE", "optional_type", "OPTIONAL")


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
        return self._value(program)

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
                raise TooCostly(f"expression '{program.text}' may cost up to {most}")
        self._budget -= most

    def _work_out(self, name: str) -> None:
        try:
            self._values[name] = self._value(self._programs[name])
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


class Compiler:
    """Compiles one policy's expressions. ``variables`` are its variables' programs so far."""

    def __init__(self, *, params: bool, fields: tuple[str, ...] = ()) -> None:
        """``fields`` are the object's own, to be read without its name."""
        variables = {"params": "dyn"} if params else {}
        self._checker = engine.Checker(variables | dict.fromkeys(fields, "dyn"))
        self._fields = frozenset(fields)
        self.variables: dict[str, Program] = {}
        self._inlined: dict[str, _Inline] = {}

    def add_variable(self, name: str, text: str) -> None:
        """A variable that later expressions may read. Raises CompileError."""
        program, of = self._compile(text)
        words = str(of)
        must = any(word in words for word in _NO_TEXT)
        self._inlined[name] = _Inline(
            root=program.root,
            everywhere=must or _is_cheap(program.root),
            once=must or sum(1 for _ in program.root.walk()) <= _SMALL,
        )
        self.variables[name] = program
        self._checker.add(f"{_VARIABLES}.{name}", of if _is_plain(words) else None)

    def compile(self, text: str, *returns: str, variables: bool = True) -> Program:
        """A program of one of these types. Raises CompileError.

        Without ``variables`` they may not be read, as in match conditions.
        """
        program, of = self._compile(text)
        if program.variables and not variables:
            raise CompileError(f"undeclared reference to '{_VARIABLES}' (in container '')")
        if str(of) not in {_TYPES[each] for each in returns}:
            wanted = returns[0] if len(returns) == 1 else f"one of [{' '.join(returns)}]"
            raise CompileError(f"must evaluate to {wanted} but got {str(of).lower()}")
        return program

    def _compile(self, text: str) -> tuple[Program, Any]:
        if len(text) > LONGEST:
            raise CompileError(f"the expression has {len(text)} characters; at most {LONGEST}")
        _refuse_authorizer(text)
        data, of = self._checker.check(_masked(text))
        checked = syntax.read(data)
        refusals.check(text, checked, _evaluate(checked))
        bounds = {name: program.bound for name, program in self.variables.items()}
        bound = cost.Bound(data, bounds, _original)
        return self._program(text, checked, bound), of

    def _program(self, text: str, checked: Checked, bound: cost.Bound) -> Program:
        reads = _reads(checked, self.variables)
        root = _Rewriting(checked, self._inlined, self._fields).done()
        named = _read(root, self.variables)
        expression = engine.expression(syntax.write(checked))
        return Program(
            text=text,
            expression=expression,
            variables=named,
            reads=reads,
            root=root,
            bound=bound,
            of_params=not named and _is_of_params(root),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inline:
    """Where a variable's expression stands for it: also in the body of a loop, or only outside."""

    root: Node
    everywhere: bool
    once: bool


class _Rewriting:
    """Changes a checked tree into what the runtime runs.

    Qualified names become selections again, optionals are made of what our functions return, and
    what cannot be kept as a value stands where it is read.
    """

    def __init__(
        self, checked: Checked, inlined: Mapping[str, _Inline], fields: frozenset[str]
    ) -> None:
        self._checked = checked
        self._inlined = inlined
        self._fields = fields
        self._depth = 0  # of the bodies of loops
        nodes = list(checked.root.walk())
        self._next = 1 + max(node.id for node in nodes)
        named = {name for node in nodes if node.is_loop for name in node.loop_variables()}
        self._shadows = named & {*declarations.PLAIN, *declarations.SHAPES, "params", _VARIABLES}

    def done(self) -> Node:
        self._checked.root = self._node(self._checked.root)
        return self._checked.root

    def _new(self) -> int:
        self._next += 1
        return self._next

    def _node(self, node: Node) -> Node:
        node.parts = [(number, self._part(node, number, each)) for number, each in node.parts]
        for entry in node.entries:
            entry.key = self._node(entry.key) if entry.key is not None else None
            entry.value = self._node(entry.value)
        if node.is_ident:
            return self._named(node)
        if node.is_test:
            return self._test(node)
        if node.is_select and node.operand.is_ident and node.operand.name == _VARIABLES:
            return self._inline(node.name) or node  # within has(), where it has another name
        return self._call(node) if node.is_call else node

    def _part(self, node: Node, number: int, each: Node) -> Node:
        is_body = node.is_loop and number in syntax.BODY
        self._depth += is_body
        try:
            return self._node(each)
        finally:
            self._depth -= is_body

    def _call(self, node: Node) -> Node:
        """A call of what the engine does otherwise than Go."""
        if node.name in _OPTIONAL:
            return syntax.call("optional.ofNonZeroValue", [node], self._new())
        renamed = _RENAMED.get(node.name) or _BY_COUNT.get((node.name, len(node.args)))
        if renamed:
            node.name = renamed
        elif node.name in gotext.TEXTS and len(node.args) == 1 and not node.target:
            self._wrap(node, functions.TEXT_OF % node.name)
        elif node.name in _EQUALITY and self._is_quantity(node.args[0]):
            same = syntax.call(functions.SAME, node.args, self._new())
            return same if node.name == "_==_" else syntax.call("!_", [same], self._new())
        return node

    def _wrap(self, node: Node, name: str) -> None:
        """Have the last argument checked, unless its type says that there is nothing to check."""
        number, last = node.parts[-1]
        if self._type(last) in (syntax.STRING, syntax.DYN):
            node.parts[-1] = (number, syntax.call(name, [last], self._new()))

    def _type(self, node: Node) -> bytes:
        return self._checked.types.get(node.id, syntax.DYN)

    def _is_quantity(self, node: Node) -> bool:
        return functions.OPAQUE["quantity"].encode() in self._type(node)[:40] and (
            self._type(node)[:1] == syntax.ABSTRACT
        )

    def _test(self, node: Node) -> Node:
        """``has()`` of what has no fields is false, where the engine errs."""
        if self._type(node.operand) != syntax.DYN:
            return node
        kind = syntax.call("type", [self._copied(node.operand)], self._new())
        is_map = syntax.call("_==_", [kind, syntax.ident("map", self._new())], self._new())
        return syntax.call("_&&_", [is_map, node], self._new())

    def _named(self, node: Node) -> Node:
        first, *rest = node.name.split(".")
        node.name = _original(first)
        inlined = self._inline(rest[0]) if first == _VARIABLES and len(rest) == 1 else None
        if inlined is not None:
            return inlined
        if first in self._fields:
            rest.insert(0, first)
            node.name = declarations.PLAIN[0]
        for name in rest:
            node = syntax.select(node, name, self._new())
        return node

    def _inline(self, name: str) -> Node | None:
        """The variable's expression, where that stands for it."""
        found = self._inlined.get(name)
        if found is None or not (found.everywhere or (found.once and not self._depth)):
            return None
        if self._shadows:
            raise CompileError(
                f"a loop's variable must not be called {' or '.join(sorted(self._shadows))}"
                " where variables are read"
            )
        return self._copied(found.root)

    def _copied(self, node: Node) -> Node:
        copy = Node(kind=node.kind, id=self._new(), name=node.name, rest=list(node.rest))
        copy.parts = [(number, self._copied(each)) for number, each in node.parts]
        copy.entries = [
            syntax.Entry(
                key=None if entry.key is None else self._copied(entry.key),
                value=self._copied(entry.value),
                rest=list(entry.rest),
            )
            for entry in node.entries
        ]
        return copy


def _original(name: str) -> str:
    for each in (*declarations.SHAPES, _VARIABLES):
        if name == declarations.masked(each):
            return each
    return name


def _masked(text: str) -> str:
    """The text with other names for what ``has()`` asks of, at the same places."""
    bare = refusals.without_strings(text)
    for name in (*declarations.SHAPES, _VARIABLES):
        mask = declarations.masked(name)
        if re.search(rf"(?<![A-Za-z0-9_]){mask}(?![A-Za-z0-9_])", bare):
            raise CompileError(f"undeclared reference to '{mask}' (in container '')")
    parts, at = [], 0
    for found in _HAS.finditer(bare):
        parts += [text[at : found.start(2)], declarations.masked(found[2])]
        at = found.end(2)
    return "".join([*parts, text[at:]])


_AUTHORIZER = re.compile(r"(?<![A-Za-z0-9_.])authorizer(?![A-Za-z0-9_])")


def _refuse_authorizer(text: str) -> None:
    found = _AUTHORIZER.search(refusals.without_strings(text))
    if found:
        line, column = refusals.place(text, found.start())
        raise CompileError(
            "authorizer is not available before objects are sent to the API server",
            line=line,
            column=column,
        )


def _is_plain(words: str) -> bool:
    """Whether a variable keeps its type on the server, which has others as dyn."""
    return (
        re.fullmatch(
            r"(BOOL|INT|UINT|DOUBLE|STRING|BYTES|NULL|DURATION|TIMESTAMP|DYN|LIST|MAP|[<>, ])+",
            words,
        )
        is not None
    )


def _read(root: Node, known: Mapping[str, Program]) -> tuple[str, ...]:
    """The variables that it reads, each after those that it reads itself."""
    found: dict[str, None] = {}
    for node in root.walk():
        is_read = node.is_select and node.operand.is_ident and node.operand.name == _VARIABLES
        if is_read and node.name in known:
            found |= dict.fromkeys((*known[node.name].variables, node.name))
    return tuple(found)


def _is_of_params(root: Node) -> bool:
    """Whether it reads parameters and nothing else but its own loops' variables."""
    read = {node.name for node in root.walk() if node.is_ident}
    return "params" in read and not read & {*declarations.PLAIN, *declarations.SHAPES}


def _reads(checked: Checked, known: Mapping[str, Program]) -> tuple[str, ...]:
    """All variables that it reads, each after those that it reads itself."""
    found: dict[str, None] = {}
    for node in checked.root.walk():
        names = node.name.split(".") if node.is_ident else [node.name]
        if node.is_select and node.operand.is_ident:
            names.insert(0, _original(node.operand.name))
        if names[0] == _VARIABLES and len(names) == 2 and names[1] in known:
            found |= dict.fromkeys((*known[names[1]].reads, names[1]))
    return tuple(found)


_OPERATORS = frozenset(
    ("_?_:_", "_==_", "_!=_", "_&&_", "_||_", "!_", "_+_", "_[_]", "@in", "type", "_<_", "_>_")
)
_CHEAP = 80  # nodes
_SMALL = 300  # nodes


def _is_cheap(root: Node) -> bool:
    """Whether to work it out anew costs less than to keep its value, which is a copy."""
    nodes = list(root.walk())
    return len(nodes) <= _CHEAP and not any(
        node.is_loop or (node.is_call and node.name not in _OPERATORS) for node in nodes
    )


def _evaluate(checked: Checked) -> Callable[[Node], object]:
    def run(node: Node) -> object:
        alone = Checked(
            root=node,
            url=checked.url,
            overloads={},
            names={},
            types={},
            offsets={},
        )
        return engine.Expression(syntax.write(alone)).value(engine.activation({}))

    return run
