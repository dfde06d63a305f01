"""What a run must have met, by a mark that it leaves in the files (read without their quotes)."""

from __future__ import annotations

from collections.abc import Mapping

FEATURES: Mapping[str, str] = {
    **{
        field: rf"\b{field}: *[\[{{\n]"
        for field in (
            "bases",
            "buildMetadata",
            "commonAnnotations",
            "commonLabels",
            "components",
            "configMapGenerator",
            "configurations",
            "crds",
            "generatorOptions",
            "generators",
            "images",
            "labels",
            "legacySortOptions",
            "openapi",
            "patches",
            "patchesJson6902",
            "patchesStrategicMerge",
            "replacements",
            "secretGenerator",
            "sortOptions",
            "transformers",
            "validators",
            "vars",
        )
    },
    "replicas": r"replicas: *\[\{|replicas:\n *- name",
    "namespace": r"namespace: (prod|shop)\b",
    "namePrefix": "namePrefix: ",
    "nameSuffix": "nameSuffix: ",
    "behavior: merge": "behavior: merge",
    "behavior: replace": "behavior: replace",
    "envs": r"\benvs:",
    "includeSelectors": "includeSelectors: true",
    "includeTemplates": "includeTemplates: true",
    "fields of labels": "metadata/marks|spec/marks",
    "labelSelector": "labelSelector: ",
    "a patch from a file": r"path: (merge|operations)-\d",
    "allowNameChange": "allowNameChange: true",
    "allowKindChange": "allowKindChange: true",
    "$patch": r"\$patch",
    "a source's fieldPath": r"fieldPath: ",
    "a source's delimiter": r"source: .*?delimiter|source:\n(.*\n){1,7} +delimiter",
    "a target's delimiter": r"index: (-1|5)|fieldPaths: .{0,99}options: .{0,50}delimiter",
    "create": "create: true",
    "reject": r"reject:",
    "sourceValue": "sourceValue: ",
    "replacements from a file": "path: replacement.yaml",
    "into JSON": r"data\.(app\\+\.json|\[app\.json\])\.",
    "into YAML": r"data\.(app\\+\.yaml|\[app\.yaml\])\.",
    "every item": r"containers\.\*",
    "items by value": r"\[name=",
}
