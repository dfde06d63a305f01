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
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from reconciler.cel import cost, declarations, engine, refusals, syntax
from reconciler.cel.errors import CompileError
from reconciler.cel.rewriting import Inline, Rewriting, original
from reconciler.cel.scope import Program
from reconciler.cel.syntax import Checked, Node

LONGEST = 16_384  # characters of an expression; past it neither checking nor reading is cheap
_VARIABLES = "variables"
_KEPT = 2_000  # expressions
_HAS = re.compile(r"\bhas(\s*\(\s*)(request|namespaceObject|variables)\b")
_TYPES = {"bool": "BOOL", "string": "STRING", "null": "NULL"}
_NO_TEXT = ("UINT", "DURATION", "TIMESTAMP", "TYPE", "optional_type", "OPTIONAL")


class Known:
    """What was compiled before, with all that it depends on: policies repeat each other a lot."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[Program, Any]] = {}

    def get(self, key: Hashable, make: Callable[[], tuple[Program, Any]]) -> tuple[Program, Any]:
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _KEPT:
                self._found.clear()
            found = self._found[key] = make()
        return found


class Compiler:
    """Compiles one policy's expressions. ``variables`` are its variables' programs so far."""

    def __init__(
        self, *, params: bool, fields: tuple[str, ...] = (), known: Known | None = None
    ) -> None:
        """``fields`` are the object's own, to be read without its name. ``known`` may be shared
        by many compilers."""
        self._known = known or Known()
        self._before: tuple[Hashable, ...] = (params, fields)  # all that an expression depends on
        variables = {"params": "dyn"} if params else {}
        self._checker = engine.Checker(variables | dict.fromkeys(fields, "dyn"))
        self._fields = frozenset(fields)
        self.variables: dict[str, Program] = {}
        self._inlined: dict[str, Inline] = {}

    def add_variable(self, name: str, text: str) -> None:
        """A variable that later expressions may read. Raises CompileError."""
        program, of = self._compile(text)
        words = str(of)
        must = any(word in words for word in _NO_TEXT)
        self._inlined[name] = Inline.of(program.root, must=must)
        self.variables[name] = program
        self._checker.add(f"{_VARIABLES}.{name}", of if _is_plain(words) else None)
        self._before += (name, text)

    def compile(self, text: str, *returns: str, variables: bool = True) -> Program:
        """A program of one of these types. Raises CompileError.

        Without ``variables`` they may not be read, as in match conditions.
        """
        program, of = self._compile(text)
        if program.reads and not variables:
            raise CompileError(f"undeclared reference to '{_VARIABLES}' (in container '')")
        if str(of) not in {_TYPES[each] for each in returns}:
            wanted = returns[0] if len(returns) == 1 else f"one of [{' '.join(returns)}]"
            raise CompileError(f"must evaluate to {wanted} but got {str(of).lower()}")
        return program

    def _compile(self, text: str) -> tuple[Program, Any]:
        if len(text) > LONGEST:
            raise CompileError(f"the expression has {len(text)} characters; at most {LONGEST}")
        return self._known.get((*self._before, text), lambda: self._made(text))

    def _made(self, text: str) -> tuple[Program, Any]:
        _refuse_authorizer(text)
        data, of = self._checker.check(_masked(text))
        checked = syntax.read(data)
        refusals.check(text, checked, _evaluate(checked))
        bounds = {name: program.bound for name, program in self.variables.items()}
        bound = cost.Bound(data, bounds, original)
        return self._program(text, checked, bound), of

    def _program(self, text: str, checked: Checked, bound: cost.Bound) -> Program:
        reads = _reads(checked, self.variables)
        root = Rewriting(checked, self._inlined, self._fields).done()
        named = _read(root, self.variables)
        expression = engine.Expression(syntax.write(checked))
        return Program(
            text=text,
            expression=expression,
            variables=named,
            reads=reads,
            root=root,
            bound=bound,
            of_params=not named and _is_of_params(root),
        )


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
            "authorizer is not available before objects are sent to the API server: leave it to"
            " a policy that is installed in the cluster",
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
            names.insert(0, original(node.operand.name))
        if names[0] == _VARIABLES and len(names) == 2 and names[1] in known:
            found |= dict.fromkeys((*known[names[1]].reads, names[1]))
    return tuple(found)


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
