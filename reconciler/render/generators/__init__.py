"""The generators, in the order in which a level runs them. Each has a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.render.context import Context
from reconciler.render.generators import config_map, iam_policy, secret
from reconciler.render.items import Item

FromField = Callable[[Any, Any, Context], Iterator[Item]]
FromFile = Callable[[dict[str, Any], Context], Iterator[Item]]

FIELDS: Mapping[str, tuple[str, FromField]] = {
    "configMapGenerator": ("ConfigMapGenerator", config_map.from_field),
    "secretGenerator": ("SecretGenerator", secret.from_field),
}

KINDS: Mapping[str, FromFile] = {
    "ConfigMapGenerator": config_map.from_file,
    "SecretGenerator": secret.from_file,
    "IAMPolicyGenerator": iam_policy.from_file,
}
