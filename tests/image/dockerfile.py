"""A Dockerfile's instructions as a builder reads them, as far as ours uses its language."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[2] / "Dockerfile"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """``text`` is all behind its name, on one line."""

    name: str
    text: str
    line: int

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def array(self) -> list[str]:
        """The exec form, ``["a", "b"]``; a shell form is an error here."""
        value = json.loads(self.text[self.text.index("[") :])
        assert all(isinstance(word, str) for word in value)
        return list(value)

    @property
    def pairs(self) -> dict[str, str]:
        """``NAME=VALUE`` words."""
        return dict(word.split("=", 1) for word in self.words)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """``base`` is what stands behind FROM, variables as they are."""

    base: str
    name: str
    instructions: Sequence[Instruction]

    def all(self, name: str) -> list[Instruction]:
        return [each for each in self.instructions if each.name == name]

    def one(self, name: str) -> Instruction:
        (found,) = self.all(name)
        return found


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """``arguments`` are those before the first FROM, with their defaults."""

    arguments: Mapping[str, str]
    stages: Sequence[Stage]

    def stage(self, name: str) -> Stage:
        (found,) = (stage for stage in self.stages if stage.name == name)
        return found

    @property
    def last(self) -> Stage:
        return self.stages[-1]

    def base_of(self, stage: Stage, **given: str) -> str:
        """Its base image, with the arguments' defaults or what is given."""
        values = {**self.arguments, **given}
        return _VARIABLE.sub(lambda found: values[found[1]], stage.base)


def read(text: str) -> Dockerfile:
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    gathered: list[Instruction] = []
    for instruction in _instructions(text):
        if instruction.name == "FROM":
            words = instruction.words
            name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
            assert name or len(words) == 1, f"line {instruction.line}: FROM of another form"
            gathered = []
            stages.append(Stage(base=words[0], name=name, instructions=gathered))
        elif not stages:
            assert instruction.name == "ARG", f"line {instruction.line}: before the first FROM"
            name, _, default = instruction.text.partition("=")
            arguments[name] = default
        else:
            gathered.append(instruction)
    return Dockerfile(arguments=arguments, stages=stages)


_NAMES = re.compile(
    "ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|RUN|USER|WORKDIR"  # no ADD
)


def _instructions(text: str) -> list[Instruction]:
    found: list[Instruction] = []
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole = line
        while whole.endswith("\\"):
            _, more = next(lines)
            assert not more.lstrip().startswith("#"), f"line {number}: a comment within it"
            whole = f"{whole[:-1].rstrip()} {more.strip()}"
        name, _, rest = whole.strip().partition(" ")
        assert _NAMES.fullmatch(name), f"line {number}: {name}"
        found.append(Instruction(name=name, text=rest.strip(), line=number))
    return found
