"""The shape of a kustomization and of the files that it names, as a table; and its check.

To add a field: one row here, and one in ``transformers`` or ``generators``. A field that is
not in the table is an error, never skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from reconciler.render import gonames
from reconciler.render.scalars import CONTAINERS, is_scalar, text

STRING, BOOL, INT, ANY = "string", "bool", "int", "any"
Shape = str | list[Any] | dict[str, Any]
Path = tuple[str | int, ...]
EACH = "*"  # in a mapping's shape: any key

_KIND = {"group": STRING, "version": STRING, "kind": STRING}
_ID = {**_KIND, "name": STRING, "namespace": STRING}
SELECTOR: Shape = {**_ID, "annotationSelector": STRING, "labelSelector": STRING}
FIELD_SPEC: Shape = {**_KIND, "path": STRING, "create": BOOL}
STRINGS: Shape = {EACH: STRING}

OPTIONS: Shape = {
    "labels": STRINGS,
    "annotations": STRINGS,
    "disableNameSuffixHash": BOOL,
    "immutable": BOOL,
}
CONFIG_MAP: dict[str, Any] = {
    "namespace": STRING,
    "name": STRING,
    "behavior": STRING,
    "literals": [STRING],
    "files": [STRING],
    "envs": [STRING],
    "env": STRING,
    "options": OPTIONS,
}
SECRET: dict[str, Any] = {**CONFIG_MAP, "type": STRING}
IMAGE: Shape = {
    "name": STRING,
    "newName": STRING,
    "tagSuffix": STRING,
    "newTag": STRING,
    "digest": STRING,
}
PATCH: Shape = {
    "path": STRING,
    "patch": STRING,
    "target": SELECTOR,
    "options": {"allowNameChange": BOOL, "allowKindChange": BOOL},
}
_FIELD_OPTIONS = {"delimiter": STRING, "index": INT, "encoding": STRING, "create": BOOL}
REPLACEMENT: dict[str, Any] = {
    "source": {**_ID, "fieldPath": STRING, "options": _FIELD_OPTIONS},
    "targets": [
        {
            "select": SELECTOR,
            "reject": [SELECTOR],
            "fieldPaths": [STRING],
            "options": _FIELD_OPTIONS,
        }
    ],
    "sourceValue": STRING,
}
REPLICA: Shape = {"name": STRING, "count": INT}
LABEL: Shape = {
    "pairs": STRINGS,
    "includeSelectors": BOOL,
    "includeTemplates": BOOL,
    "fields": [FIELD_SPEC],
}
VARIABLE: Shape = {
    "name": STRING,
    "objref": {**_ID, "apiVersion": STRING},
    "fieldref": {"fieldPath": STRING},
}
SORT: Shape = {
    "order": STRING,
    "legacySortOptions": {"orderFirst": [STRING], "orderLast": [STRING]},
}
OBJECT_META: Shape = {
    "name": STRING,
    "namespace": STRING,
    "labels": STRINGS,
    "annotations": STRINGS,
}

KUSTOMIZATION: dict[str, Any] = {
    "apiVersion": STRING,
    "kind": STRING,
    "metadata": OBJECT_META,
    "openapi": STRINGS,
    "namePrefix": STRING,
    "nameSuffix": STRING,
    "namespace": STRING,
    "commonLabels": STRINGS,
    "labels": [LABEL],
    "commonAnnotations": STRINGS,
    "patchesStrategicMerge": [STRING],
    "patchesJson6902": [PATCH],
    "patches": [PATCH],
    "images": [IMAGE],
    "imageTags": [IMAGE],
    "replacements": [{**REPLACEMENT, "path": STRING}],
    "replicas": [REPLICA],
    "vars": [VARIABLE],
    "sortOptions": SORT,
    "resources": [STRING],
    "components": [STRING],
    "crds": [STRING],
    "bases": [STRING],
    "configMapGenerator": [CONFIG_MAP],
    "secretGenerator": [SECRET],
    "helmGlobals": {"chartHome": STRING, "configHome": STRING},
    "helmCharts": ANY,
    "helmChartInflationGenerator": ANY,
    "generatorOptions": OPTIONS,
    "configurations": [STRING],
    "generators": [STRING],
    "transformers": [STRING],
    "validators": [STRING],
    "buildMetadata": [STRING],
}
_SPECS = {"fieldSpecs": [FIELD_SPEC]}
VALUE_TARGET: Shape = {"selector": SELECTOR, "fieldPath": STRING, "filePathPosition": INT}
FILES: Mapping[str, Shape] = {
    "AnnotationsTransformer": {"annotations": STRINGS, **_SPECS},
    "ConfigMapGenerator": {"metadata": OBJECT_META, **CONFIG_MAP},
    "HashTransformer": {},
    "IAMPolicyGenerator": {
        "cloud": STRING,
        "kubernetesService": {"name": STRING, "namespace": STRING},
        "serviceAccount": {"name": STRING, "projectId": STRING},
    },
    "ImageTagTransformer": {"imageTag": IMAGE, **_SPECS},
    "LabelTransformer": {"labels": STRINGS, **_SPECS},
    "NamespaceTransformer": {
        "metadata": OBJECT_META,
        "unsetOnly": BOOL,
        "setRoleBindingSubjects": STRING,
        **_SPECS,
    },
    "PatchJson6902Transformer": {"target": SELECTOR, "path": STRING, "jsonOp": STRING},
    "PatchStrategicMergeTransformer": {"paths": [STRING], "patches": STRING},
    "PatchTransformer": PATCH,
    "PrefixSuffixTransformer": {"prefix": STRING, "suffix": STRING, **_SPECS},
    "PrefixTransformer": {"prefix": STRING, **_SPECS},
    "ReplacementTransformer": {"replacements": [{**REPLACEMENT, "path": STRING}]},
    "ReplicaCountTransformer": {"replica": REPLICA, **_SPECS},
    "SecretGenerator": {"metadata": OBJECT_META, **SECRET},
    "SuffixTransformer": {"suffix": STRING, **_SPECS},
    "ValueAddTransformer": {
        "value": STRING,
        "targets": [VALUE_TARGET],
        "targetFilePath": STRING,
    },
}
CONFIGURATION: Shape = {
    **{
        name: [FIELD_SPEC]
        for name in (
            "namePrefix",
            "nameSuffix",
            "namespace",
            "commonLabels",
            "labels",
            "templateLabels",
            "commonAnnotations",
            "varReference",
            "images",
            "replicas",
        )
    },
    "nameReference": [{**_KIND, "fieldSpecs": [FIELD_SPEC]}],
}


_by_key = itemgetter(0)


class _Free(str):
    """A key that is no field: kustomize's messages do not have it."""


class Misshapen(Exception):
    """Where a value has not its shape: the path to it, as keys and indexes."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def fit(value: Any, shape: Shape, path: Path = (), *, lenient: bool = False) -> Any:
    """``value`` with nulls left out and keys spelt as in the table. Raises Misshapen.

    ``lenient`` leaves out keys that the table does not have, and takes numbers for strings.
    """
    if shape == ANY:
        return value
    if isinstance(shape, str):
        return _fit_scalar(value, shape, path, lenient=lenient)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise _mismatch(value, shape, path, lenient=lenient)
        return [
            _zero(shape[0])
            if item is None
            else fit(item, shape[0], (*path, index), lenient=lenient)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        raise _mismatch(value, shape, path, lenient=lenient)
    if EACH in shape:
        return {
            key: ""
            if item is None
            else fit(item, shape[EACH], (*path, _Free(key)), lenient=lenient)
            for key, item in value.items()
        }
    return _fit_fields(value, shape, path, lenient=lenient)


def _fit_fields(
    value: Mapping[str, Any], shape: dict[str, Any], path: Path, *, lenient: bool
) -> dict[str, Any]:
    result = {}
    # Go's JSON has the keys in order: what is wrong first is told, the last spelling stands.
    for key, item in sorted(value.items(), key=_by_key):
        name = key if key in shape else _folded(shape).get(key.lower())
        if name is None:
            if not lenient:
                raise Misshapen(f'json: unknown field "{key}"{_hint(key, shape)}', (*path, key))
        elif item is not None:
            result[name] = fit(item, shape[name], (*path, key), lenient=lenient)
    return result


def _folded(shape: Mapping[str, Any]) -> dict[str, str]:
    """Go's JSON takes a field's name in any case."""
    return {name.lower(): name for name in shape}


def _hint(key: str, shape: Mapping[str, Any]) -> str:
    import difflib

    near = difflib.get_close_matches(key, shape, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _fit_scalar(value: Any, shape: str, path: Path, *, lenient: bool) -> Any:
    if shape == STRING and isinstance(value, str):
        return value
    if shape == BOOL and isinstance(value, bool):
        return value
    if shape == INT and isinstance(value, int) and not isinstance(value, bool):
        if value > _INT64:
            raise _mismatch(value, shape, path, lenient=lenient)
        return value
    if lenient and shape == STRING and is_scalar(value):
        return text(value)
    raise _mismatch(value, shape, path, lenient=lenient)


def _mismatch(value: Any, shape: Shape, path: Path, *, lenient: bool) -> Misshapen:
    words = [part for part in path if isinstance(part, str) and not isinstance(part, _Free)]
    wanted = f"expected {_wanted(shape)}, found {_shown(value, words)}"
    if lenient:  # what kustomize reads as YAML, and not as JSON
        tag = next(tag for kind, tag in _TAGS if isinstance(value, kind))
        refusal = f"yaml: unmarshal errors: cannot unmarshal {tag} into {_go(shape, words)}"
    else:
        field = f"struct field {gonames.field(words)}" if words else "value"
        refusal = (
            f"json: cannot unmarshal {gonames.json(value)} into Go {field}"
            f" of type {_go(shape, words)}"
        )
    return Misshapen(f"{refusal}: {wanted}", path)


_INT64 = 2**63 - 1


def _wanted(shape: Shape) -> str:
    if isinstance(shape, str):
        return {STRING: "a string", BOOL: "true or false", INT: "an integer"}[shape]
    return "a list" if isinstance(shape, list) else "a mapping"


def _go(shape: Shape, words: list[str]) -> str:
    """What kustomize calls the type."""
    if isinstance(shape, list):
        return gonames.several(_go(shape[0], words), words)
    if isinstance(shape, dict):
        return "map[string]string" if EACH in shape else gonames.struct(words)
    return gonames.scalar(shape, words)


_TAGS = (
    (bool, "!!bool"),
    (str, "!!str"),
    (int, "!!int"),
    (float, "!!float"),
    (list, "!!seq"),
    (dict, "!!map"),
    (object, "!!null"),
)
_TYPES = ((list, "a list"), (dict, "a mapping"), (str, "a string"))
_SECRET = frozenset(("secretGenerator", "literals", "patch"))  # may hold what nobody should read


def _shown(value: Any, words: list[str]) -> str:
    """A scalar as it is, of all else its type: they may hold secrets."""
    if isinstance(value, CONTAINERS) or not _SECRET.isdisjoint(words):
        return next((name for kind, name in _TYPES if isinstance(value, kind)), "a scalar")
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _zero(shape: Shape) -> Any:
    return "" if isinstance(shape, str) else type(shape)()
