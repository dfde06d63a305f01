"""A site's manifests and settings in, the Verdict out. Called in the render child.

Structure only: what the API server would refuse anyway, or what must not reach it. RULES look at
one object each; what concerns several stands below.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import orjson

from reconciler.model.refs import ObjectRef
from reconciler.model.rendered import Finding, Manifest, SiteSettings, Verdict
from reconciler.policy import agent, naming
from reconciler.policy.case import Around, Case, Rule, mapping
from reconciler.schema import kubernetes

OBJECTS = 10_000
OBJECT_BYTES = 1_468_006  # 1.4 MiB; etcd's limit is 1.5 MiB for what the API server makes of it
_SHOWN = 10  # objects of a circle
FINDINGS = 200  # more help nobody, and a stranger chooses how many there are


def _forbidden_kind(case: Case) -> Iterator[str]:
    kind = str(case.manifest.kind)
    if kind in case.around.settings.forbid:
        yield f"kind {kind} is forbidden by this site's settings (kinds.forbid)"


RULES: Mapping[str, Rule] = {
    "kind": naming.kind_words,
    "name": naming.object_names,
    "generate-name": naming.generated_names,
    "label": naming.label_words,
    "annotation": naming.annotation_words,
    "our-prefix": naming.our_words,
    "forbidden-kind": _forbidden_kind,
    "agent-object": agent.agents_own,
}


def judge(
    objects: Iterable[Manifest],
    settings: SiteSettings,
    *,
    agent_namespace: str,
    from_repository: bool,
) -> Verdict:
    """``from_repository``: the site's own configuration lets commits change the agent itself."""
    listed = tuple(objects)
    if len(listed) > OBJECTS:
        found = Finding(
            rule="object-count", message=f"{len(listed)} objects; at most {OBJECTS} are applied"
        )
        return Verdict(findings=(found,))
    around = Around(
        settings=settings, agent_namespace=agent_namespace, from_repository=from_repository
    )
    findings = tuple(islice(_findings(listed, around), FINDINGS + 1))
    if len(findings) > FINDINGS:
        rest = Finding(rule="finding-count", message=f"more than {FINDINGS} findings; judged no on")
        findings = (*findings[:FINDINGS], rest)
    return Verdict(findings=findings)


def _findings(objects: tuple[Manifest, ...], around: Around) -> Iterator[Finding]:
    scopes: dict[tuple[str, str], bool] = {}
    for manifest in objects:
        size = len(manifest.body)
        if size > OBJECT_BYTES:  # not even looked into, as that takes many times its size
            message = f"the object has {size} bytes; at most {OBJECT_BYTES} fit the API server"
            yield _finding("object-size", message, manifest)
            continue
        case = Case(manifest=manifest, value=mapping(orjson.loads(manifest.body)), around=around)
        scopes.update(_defined(case))
        for rule, check in RULES.items():
            for message in check(case):
                yield _finding(rule, message, manifest)
    yield from _duplicates(objects, scopes)
    yield from _orders(objects, scopes)


def _duplicates(
    objects: tuple[Manifest, ...], scopes: Mapping[tuple[str, str], bool]
) -> Iterator[Finding]:
    first: dict[ObjectRef, Manifest] = {}
    for manifest in objects:
        before = first.setdefault(_placed(manifest.ref, scopes), manifest)
        if before is not manifest:
            message = f"the same object is also in {before.origin}"
            yield _finding("duplicate-object", message, manifest)


def _orders(
    objects: tuple[Manifest, ...], scopes: Mapping[tuple[str, str], bool]
) -> Iterator[Finding]:
    """``depends-on`` names what the site declares, and leads to no circle."""
    declared = {_placed(manifest.ref, scopes): manifest for manifest in objects}
    graph: dict[ObjectRef, list[ObjectRef]] = {}
    for ref, manifest in declared.items():
        graph[ref] = [_placed(other, scopes) for other in manifest.depends_on]
        for other in graph[ref]:
            if other not in declared:
                message = f"depends-on names {other}, which the site does not declare"
                yield _finding("depends-on", message, manifest)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle = error.args[1]
        shown = " -> ".join(str(ref) for ref in circle[:_SHOWN])
        message = f"depends-on leads back to where it began: {shown}"
        yield _finding("depends-on", message, declared[circle[0]])


def _placed(ref: ObjectRef, scopes: Mapping[tuple[str, str], bool]) -> ObjectRef:
    """The ref in the namespace where the API server will see it, as far as that is known."""
    key = (ref.group, ref.kind)
    is_cluster_scoped = scopes.get(key, kubernetes.is_cluster_scoped(*key))
    if is_cluster_scoped is None:
        return ref
    namespace = "" if is_cluster_scoped else ref.namespace or "default"
    return ObjectRef(ref.group, ref.kind, namespace, ref.name)


def _defined(case: Case) -> Iterator[tuple[tuple[str, str], bool]]:
    """The kind that a CRD defines, and whether it belongs to the cluster."""
    if case.group_kind == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        spec = mapping(case.value.get("spec"))
        kind = str(mapping(spec.get("names")).get("kind", ""))
        yield (str(spec.get("group", "")), kind), spec.get("scope") == "Cluster"


def _finding(rule: str, message: str, manifest: Manifest) -> Finding:
    return Finding(rule=rule, message=message, ref=manifest.ref, origin=manifest.origin)
