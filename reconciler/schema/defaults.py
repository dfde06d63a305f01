"""What the API server makes of an object before policies see it: defaults, forms, what it drops.

A table of paths for the kinds that Kubernetes brings (as of 1.34) and the ``default`` of a
definition's schema for others. In: an object as it is applied. Out: another one, the first left
as it is, and why it may still differ from the server's. A test compares with a real one.

Tables for the most part: as long as what the API server has defaults for.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.schema.amounts import canonical

Value = dict[str, Any]
Fill = Callable[[Value], None]
Path = tuple[str, ...]

UNKNOWN_KIND = "the kind's definition is not declared by the site, and may have defaults"
_GENERATED = "the API server fills in fields of this kind by itself"

# Fields that are maps, and so are dropped where they are empty; an empty list always is.
_MAPS = frozenset(
    (
        "labels",
        "annotations",
        "nodeSelector",
        "limits",
        "requests",
        "matchLabels",
        "data",
        "binaryData",
        "stringData",
        "overhead",
        "hard",
        "volumeAttributes",
        "parameters",
        "options",
    )
)
# Fields that are kept where they are an empty text, and those that are left out where they are
# 0 or false: Go tells a pointer to nothing from nothing.
_KEPT = frozenset(("storageClassName", "service", "volumeName", "apiGroup", "key", "fsType"))
_ZEROS = frozenset(
    (
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "readOnly",
        "stdin",
        "stdinOnce",
        "tty",
        "paused",
        "publishNotReadyAddresses",
        "hostPort",
        "nodePort",
        "minReadySeconds",
        "initialDelaySeconds",
    )
)
# The same of fields whose name alone does not tell: of what they stand in, and their name.
_KEPT_WITHIN = frozenset(
    (
        ("httpHeaders", "value"),
        ("sysctls", "value"),
        ("csi", "readOnly"),
        ("azureDisk", "readOnly"),
    )
)
_DATA = frozenset(("data", "binaryData"))
_TEXTS = frozenset(("labels", "annotations", "nodeSelector", "matchLabels", "parameters"))
_AMOUNTS = frozenset(("limits", "requests", "overhead", "hard", "capacity"))
_AMOUNT = frozenset(("sizeLimit", "divisor"))


def defaulted(value: Mapping[str, Any], schema: Mapping[str, Any] | None) -> tuple[Value, str]:
    """The object with the server's defaults, and why it may differ, ``""`` where it should not.

    ``schema`` is a custom kind's own, ``{}`` where its definition has none and None where there
    is no definition.
    """
    kind = (str(value.get("apiVersion", "")), str(value.get("kind", "")))
    fill = KINDS.get(kind)
    if fill is None:
        made = copy.deepcopy(dict(value))
        if schema is None:
            return made, UNKNOWN_KIND
        _by_schema(made, schema)
        return made, ""
    made = _cleaned(value)
    fill(made)
    return made, _GENERATED if kind in GENERATED else ""


def _cleaned(value: Mapping[str, Any], name: str = "") -> Value:
    """Without nulls and what is empty, and with amounts in their one form."""
    made: Value = {}
    for key, inner in value.items():
        if inner:
            made[key] = _clean(inner, key, name)
            continue
        if inner is None and name in _TEXTS:
            made[key] = ""  # in a map a null is kept, as nothing
            continue
        if inner is None and name in _DATA:
            made[key] = None  # "" where it is text, which is seen to later
            continue
        if inner is None or (inner == [] and key != "rules") or (inner == {} and key in _MAPS):
            continue
        if name not in _MAPS and (name, key) not in _KEPT_WITHIN and _is_nothing(key, inner):
            continue
        made[key] = _clean(inner, key, name)  # of what Python takes for nothing, the rest
    return made


def _is_nothing(key: str, value: Any) -> bool:
    """What Go leaves out where it stands for nothing; the values of maps are never left out."""
    return (value == "" and key not in _KEPT) or (key in _ZEROS and value in (0, False))


def _clean(value: Any, key: str, above: str) -> Any:
    if isinstance(value, dict):
        return _cleaned(value, key)
    if isinstance(value, list):
        return [_clean(each, key, above) for each in value]
    is_listed = above in _AMOUNTS
    is_amount = (is_listed or key in _AMOUNT) and isinstance(value, str | int | float)
    return canonical(value, in_millis=is_listed) if is_amount else value


def _set(value: Value, /, **fields: Any) -> None:
    """Fill in what is missing. Values that may be changed later are given anew each time."""
    for key, default in fields.items():
        if key not in value:
            value[key] = default


def _map(value: Value, key: str) -> Value:
    """A mapping within, made where it is missing."""
    found = value.setdefault(key, {})
    return found if isinstance(found, dict) else {}


def _maps(value: Any, key: str) -> Iterator[Value]:
    """The mappings of a list within."""
    found = value.get(key) if isinstance(value, dict) else None
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield each


def _inner(value: Value, key: str) -> Value | None:
    found = value.get(key)
    return found if isinstance(found, dict) else None


# Pods


_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\]"
_LONGEST_IMAGE = 512  # characters
# What the server can read; of another one it knows no tag.
_IMAGE = re.compile(
    rf"(?:(?:{_HOST})(?::[0-9]+)?/)?(?![a-f0-9]{{64}}$){_PATH}(?:/{_PATH})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[a-f0-9]{64}|@sha512:[a-f0-9]{128}|@sha384:[a-f0-9]{96})?",
    re.ASCII,
)


def _image_policy(image: object) -> str:
    """By its tag: what may change is pulled each time."""
    text = str(image or "")
    if len(text) > _LONGEST_IMAGE or not _IMAGE.fullmatch(text):
        return "IfNotPresent"
    name = text.partition("@")[0]
    tag = name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""
    return "Always" if tag == "latest" or (not tag and "@" not in text) else "IfNotPresent"


def _handler(handler: Value) -> None:
    http = _inner(handler, "httpGet")
    if http is not None:
        _set(http, path="/", scheme="HTTP")
    grpc = _inner(handler, "grpc")
    if grpc is not None:
        _set(grpc, service="")


_PROBED = frozenset(("timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"))


def _container(container: Value) -> None:
    _set(
        container,
        imagePullPolicy=_image_policy(container.get("image")),
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        resources={},
    )
    for port in _maps(container, "ports"):
        _set(port, protocol="TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = _inner(container, name)
        if probe is not None:
            _handler(probe)
            for key in _PROBED & probe.keys():
                if probe[key] == 0:
                    del probe[key]
            _set(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    for name in ("postStart", "preStop"):
        handler = _inner(_inner(container, "lifecycle") or {}, name)
        if handler is not None:
            _handler(handler)
    for variable in _maps(container, "env"):
        _reference(_inner(variable, "valueFrom") or {})


def _reference(source: Value) -> None:
    found = _inner(source, "fieldRef")
    if found is not None:
        _set(found, apiVersion="v1")
    amount = _inner(source, "resourceFieldRef")
    if amount is not None:
        _set(amount, divisor="0")


def _requests(container: Value) -> None:
    """Of Pods alone: what is limited is asked for."""
    bounds = _inner(container, "resources") or {}
    limits = _inner(bounds, "limits")
    if limits:
        _set(_map(bounds, "requests"), **limits)


# Kinds of volumes whose fields have defaults.
_VOLUMES: Mapping[str, Mapping[str, Any]] = {
    "azureDisk": {
        "cachingMode": "ReadWrite",
        "kind": "Shared",
        "fsType": "ext4",
        "readOnly": False,
    },
    "iscsi": {"iscsiInterface": "default"},
    "rbd": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "scaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
_PARTED = ("gcePersistentDisk", "awsElasticBlockStore")
_MODES = ("secret", "configMap", "downwardAPI", "projected")


def _volume(volume: Value) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
    for name in _MODES:
        found = _inner(volume, name)
        if found is not None:
            _set(found, defaultMode=420)
            for item in _maps(found, "items"):
                _reference(item)
    for source in _maps(_inner(volume, "projected"), "sources"):
        token = _inner(source, "serviceAccountToken")
        if token is not None:
            _set(token, expirationSeconds=3600)
        for item in _maps(_inner(source, "downwardAPI"), "items"):
            _reference(item)
    for name, fields in _VOLUMES.items():
        found = _inner(volume, name)
        if found is not None:
            _set(found, **fields)
    path = _inner(volume, "hostPath")
    if path is not None:
        _set(path, type="")
    claim = _inner(_inner(volume, "ephemeral") or {}, "volumeClaimTemplate")
    if claim is not None:
        _set(claim, metadata={})
        _claim_spec(claim)
    _no_pointers(volume)


def _no_pointers(volume: Value) -> None:
    """What is no pointer in Go: a list that nobody gave is null, and 0 is left out."""
    projected = _inner(volume, "projected")
    if projected is not None:
        _set(projected, sources=None)
    for name in _PARTED:
        found = _inner(volume, name)
        if found is not None and found.get("partition") == 0:
            del found["partition"]


def _pod_spec(spec: Value, *, restart: bool = True) -> None:
    if restart:
        _set(spec, restartPolicy="Always")
    _set(
        spec,
        dnsPolicy="ClusterFirst",
        terminationGracePeriodSeconds=30,
        securityContext={},
        schedulerName="default-scheduler",
    )
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]  # two names of one field
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for key in ("containers", "initContainers", "ephemeralContainers"):
        for container in _maps(spec, key):
            _container(container)
    for volume in _maps(spec, "volumes"):
        _volume(volume)
    for toleration in _maps(spec, "tolerations"):
        if toleration.get("key") == "":
            del toleration["key"]
    nodes = _inner(_inner(spec, "affinity") or {}, "nodeAffinity")
    for term in _maps(nodes, "preferredDuringSchedulingIgnoredDuringExecution"):
        _set(term, preference={})


def _template(value: Value) -> None:
    template = _map(value, "template")
    _set(template, metadata={})
    _pod_spec(_map(template, "spec"))


def _pod(value: Value) -> None:
    spec = _map(value, "spec")
    _pod_spec(spec)
    _set(spec, enableServiceLinks=True)
    for key in ("containers", "initContainers"):
        for container in _maps(spec, key):
            _requests(container)
            if spec.get("hostNetwork"):
                for port in _maps(container, "ports"):
                    _set(port, hostPort=port.get("containerPort", 0))
    _set(value, status={})


def _pod_template(value: Value) -> None:
    _template(value)


# Workloads


def _deployment(value: Value) -> None:
    spec = _map(value, "spec")
    _template(spec)
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = _map(spec, "strategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_map(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    _set(value, status={})


def _stateful_set(value: Value) -> None:
    spec = _map(value, "spec")
    _template(spec)
    _set(spec, replicas=1, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
    _set(spec, serviceName="")
    strategy = _map(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = _map(strategy, "rollingUpdate")
        _set(rolling, partition=0)
        rolling.pop("maxUnavailable", None)  # behind a feature gate that is off
    ordinals = _inner(spec, "ordinals")
    if ordinals is not None:
        _set(ordinals, start=0)
    retention = _map(spec, "persistentVolumeClaimRetentionPolicy")
    _set(retention, whenDeleted="Retain", whenScaled="Retain")
    for claim in _maps(spec, "volumeClaimTemplates"):
        _set(claim, apiVersion="v1", kind="PersistentVolumeClaim")
        _claim(claim)
    _set(value, status={"replicas": 0, "availableReplicas": 0})


def _daemon_set(value: Value) -> None:
    spec = _map(value, "spec")
    notes = _map(_map(value, "metadata"), "annotations")
    _set(notes, **{"deprecated.daemonset.template.generation": "1"})
    _template(spec)
    _set(spec, revisionHistoryLimit=10)
    strategy = _map(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_map(strategy, "rollingUpdate"), maxUnavailable=1, maxSurge=0)
    numbers = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled")
    _set(value, status=dict.fromkeys((*numbers, "numberReady"), 0))


def _replica_set(value: Value) -> None:
    spec = _map(value, "spec")
    _template(spec)
    _set(spec, replicas=1)
    _set(value, status={"replicas": 0})


def _replication_controller(value: Value) -> None:
    spec = _map(value, "spec")
    _replica_set(value)
    labels = _map(_map(_map(spec, "template"), "metadata"), "labels")
    if labels:
        spec["selector"] = spec.get("selector") or dict(labels)
        _set(_map(value, "metadata"), labels=dict(labels))


def _failure_policy(spec: Value) -> None:
    policy = _inner(spec, "podFailurePolicy")
    if policy is not None:
        _set(policy, rules=None)
    for rule in _maps(policy, "rules"):
        for condition in _maps(rule, "onPodConditions"):
            _set(condition, status="True")


def _job(value: Value) -> None:
    spec = _map(value, "spec")
    _failure_policy(spec)
    template = _map(spec, "template")
    _set(template, metadata={})
    _pod_spec(_map(template, "spec"))
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    _set(
        spec,
        parallelism=1,
        completionMode="NonIndexed",
        suspend=False,
        podReplacementPolicy="Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed",
    )
    _set(spec, backoffLimit=(1 << 31) - 1 if "backoffLimitPerIndex" in spec else 6)
    _set(value, status={})


def _cron_job(value: Value) -> None:
    spec = _map(value, "spec")
    _set(
        spec,
        concurrencyPolicy="Allow",
        suspend=False,
        successfulJobsHistoryLimit=3,
        failedJobsHistoryLimit=1,
    )
    template = _map(spec, "jobTemplate")
    _set(template, metadata={})
    job = _map(template, "spec")
    _failure_policy(job)
    _template(job)
    _set(value, status={})


# Networks and storage


def _service(value: Value) -> None:
    spec = _map(value, "spec")
    _set(spec, type="ClusterIP", sessionAffinity="None")
    for port in _maps(spec, "ports"):
        _set(port, protocol="TCP", targetPort=port.get("port", 0))
        if port["targetPort"] in (0, ""):
            port["targetPort"] = port.get("port", 0)
    if spec["sessionAffinity"] == "ClientIP":
        _set(_map(_map(spec, "sessionAffinityConfig"), "clientIP"), timeoutSeconds=10800)
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _set(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        _set(spec, allocateLoadBalancerNodePorts=True)
    if spec["type"] != "ExternalName":
        _set(spec, internalTrafficPolicy="Cluster")
    _set(value, status={"loadBalancer": {}})


def _claim(value: Value) -> None:
    _claim_spec(value)
    _set(value, status={"phase": "Pending"})


def _claim_spec(value: Value) -> None:
    spec = _map(value, "spec")
    _set(spec, volumeMode="Filesystem", resources={})
    for key in ("dataSource", "dataSourceRef"):
        source = _inner(spec, key)
        if source is not None:
            _set(source, apiGroup=None)


def _secret(value: Value) -> None:
    _set(value, type="Opaque")
    _bytes(value, "data")


def _bytes(value: Value, key: str) -> None:
    """Base64 as the API server writes it, which reads it over line breaks."""
    data = _inner(value, key) or {}
    for name, text in data.items():
        if isinstance(text, str):
            data[name] = text.replace("\n", "").replace("\r", "")


def _config_map(value: Value) -> None:
    _bytes(value, "binaryData")
    data = _inner(value, "data") or {}
    for name, text in data.items():
        data[name] = "" if text is None else text


def _network_policy(value: Value) -> None:
    spec = _map(value, "spec")
    _set(spec, podSelector={})
    _set(spec, policyTypes=["Ingress", "Egress"] if "egress" in spec else ["Ingress"])
    for rule in (*_maps(spec, "ingress"), *_maps(spec, "egress")):
        for port in _maps(rule, "ports"):
            _set(port, protocol="TCP")


def _ingress(value: Value) -> None:
    spec = _map(value, "spec")
    if spec.get("rules") == []:
        del spec["rules"]
    paths = (
        path for rule in _maps(spec, "rules") for path in _maps(_inner(rule, "http") or {}, "paths")
    )
    for backend in (_inner(spec, "defaultBackend"), *(_inner(path, "backend") for path in paths)):
        resource = _inner(backend or {}, "resource")
        if resource is not None:
            _set(resource, apiGroup=None)
    _set(value, status={"loadBalancer": {}})


def _binding(value: Value) -> None:
    group = "rbac.authorization.k8s.io"
    role = _map(value, "roleRef")
    role["apiGroup"] = role.get("apiGroup") or group
    for subject in _maps(value, "subjects"):
        if subject.get("apiGroup") == "":
            del subject["apiGroup"]
        if subject.get("kind") in ("User", "Group"):
            _set(subject, apiGroup=group)


def _role(value: Value) -> None:
    _set(value, rules=None)


def _storage_class(value: Value) -> None:
    _set(value, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class(value: Value) -> None:
    _set(value, value=0, preemptionPolicy="PreemptLowerPriority")
    if value.get("globalDefault") is False:
        del value["globalDefault"]


def _namespace(value: Value) -> None:
    metadata = _map(value, "metadata")
    labels = _map(metadata, "labels")
    labels["kubernetes.io/metadata.name"] = metadata.get("name", "")
    spec = _map(value, "spec")
    listed = spec.get("finalizers", [])
    if isinstance(listed, list) and "kubernetes" not in listed:
        spec["finalizers"] = [*listed, "kubernetes"]
    _set(value, status={"phase": "Active"})


def _event(value: Value) -> None:
    _set(value, source={}, firstTimestamp=None, lastTimestamp=None, eventTime=None)
    _set(value, involvedObject={}, reportingComponent="", reportingInstance="")


def _new_event(value: Value) -> None:
    _set(value, deprecatedSource={}, deprecatedFirstTimestamp=None, deprecatedLastTimestamp=None)
    _set(value, regarding={}, eventTime=None)


def _nothing(value: Value) -> None:
    return None


_APPS, _BATCH, _RBAC = "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"
_NET = "networking.k8s.io/v1"
KINDS: Mapping[tuple[str, str], Fill] = {
    ("v1", "Pod"): _pod,
    ("v1", "PodTemplate"): _pod_template,
    ("v1", "ReplicationController"): _replication_controller,
    (_APPS, "Deployment"): _deployment,
    (_APPS, "ReplicaSet"): _replica_set,
    (_APPS, "StatefulSet"): _stateful_set,
    (_APPS, "DaemonSet"): _daemon_set,
    (_BATCH, "Job"): _job,
    (_BATCH, "CronJob"): _cron_job,
    ("v1", "Service"): _service,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Secret"): _secret,
    ("v1", "ConfigMap"): _config_map,
    ("v1", "ServiceAccount"): _nothing,
    ("v1", "Namespace"): _namespace,
    (_NET, "NetworkPolicy"): _network_policy,
    (_NET, "Ingress"): _ingress,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    (_RBAC, "Role"): _role,
    (_RBAC, "ClusterRole"): _role,
    ("storage.k8s.io/v1", "StorageClass"): _storage_class,
    ("scheduling.k8s.io/v1", "PriorityClass"): _priority_class,
    ("v1", "Event"): _event,
    ("events.k8s.io/v1", "Event"): _new_event,
}


def _paths(text: str) -> frozenset[Path]:
    return frozenset(tuple(path.split(".")) for path in text.split())


_NAMED = _paths("apiVersion kind metadata.name metadata.namespace metadata.labels")
# What the API server itself adds to: addresses, selectors, admission's own; and Events, whose
# times are written anew. Below which paths it leaves all as it is, beside the defaults.
GENERATED: Mapping[tuple[str, str], frozenset[Path]] = {
    ("v1", "Pod"): _NAMED,
    ("v1", "Service"): _NAMED
    | _paths("spec.type spec.selector spec.externalName spec.externalIPs spec.loadBalancerIP")
    | _paths("spec.loadBalancerClass spec.loadBalancerSourceRanges"),
    ("v1", "PersistentVolumeClaim"): _NAMED | _paths("spec.resources spec.accessModes"),
    (_BATCH, "Job"): _NAMED | _paths("spec.template.spec"),
    ("v1", "Event"): frozenset(),
    ("events.k8s.io/v1", "Event"): frozenset(),
}


# Custom kinds


def _by_schema(value: Any, schema: Mapping[str, Any]) -> None:
    """The defaults of a structural schema, from the outside in."""
    if isinstance(value, dict):
        properties = schema.get("properties")
        for key, inner in (properties if isinstance(properties, dict) else {}).items():
            if not isinstance(inner, dict):
                continue
            if "default" in inner and (
                key not in value or (value[key] is None and not inner.get("nullable"))
            ):
                value[key] = copy.deepcopy(inner["default"])
            if key in value:
                _by_schema(value[key], inner)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            for inner in value.values():
                _by_schema(inner, more)
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for inner in value:
                _by_schema(inner, items)
