"""How what was thrown is written down: as JSON, which is YAML too, or in blocks."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import yaml

Value = dict[str, Any]


class Raw(str):
    """Written without quotes where that can be: a number, a word or nothing, as it is spelled."""

    __slots__ = ()


class _Blocks(yaml.SafeDumper):
    """Without aliases, and with several lines as a literal."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _raw(dumper: yaml.SafeDumper, raw: Raw) -> yaml.ScalarNode:
    text = str(raw)
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return yaml.ScalarNode(tag, text)


_Blocks.add_representer(str, _string)
_Blocks.add_representer(Raw, _raw)


def written(dice: Random, *values: Any) -> str:
    """One document a value, all in one form."""
    if dice.random() < 0.6:
        return "\n---\n".join(map(json.dumps, values)) + "\n"
    shown: str = yaml.dump_all(values, Dumper=_Blocks, sort_keys=False, width=1000)
    return shown
