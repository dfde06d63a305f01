"""Reading and printing YAML, against libyaml's own loader and dumper, and against kustomize.

Needs no cluster: ``python -m bench.documents [DEPLOYMENTS]`` prints the table. CPU seconds of
this process, the least of five turns; kustomize's are its own, to build the same file.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from reconciler.documents import canonical
from reconciler.documents.dump import dump_all
from reconciler.documents.load import load_all
from reconciler.documents.scalars import OBJECT
from tests.kustomize import binary

TURNS = 5
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: serving
  labels:
    app: app-{number}
spec:
  replicas: 3
  selector:
    matchLabels:
      app: app-{number}
  template:
    metadata:
      labels:
        app: app-{number}
    spec:
      containers:
      - name: main
        image: registry.example.com/app:1.{number}
        args: ["--port", "8080"]
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: LOG_LEVEL
          value: info
        - name: GREETING
          value: "a longer text, with some words in it"
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits: {{cpu: "1", memory: 256Mi}}
        readinessProbe:
          httpGet: {{path: /healthz, port: 8080}}
"""


def run(deployments: int) -> Iterator[tuple[str, str]]:
    """Rows of the table, in milliseconds and ratios."""
    text = "---\n".join(DEPLOYMENT.format(number=number) for number in range(deployments))
    data = text.encode()
    values = [found.value for found in _load(data)]
    loads = _least(lambda: _load(data)), _least(lambda: _libyaml_load(data))
    dumps = _least(lambda: dump_all(values)), _least(lambda: _libyaml_dump(values))
    yield from _rows(f"load {deployments} Deployments", "libyaml's loader", *loads)
    yield from _rows(f"dump {deployments} Deployments", "libyaml's dumper", *dumps)
    digests = _least(lambda: [canonical.digest(canonical.body(value)) for value in values])
    yield f"digest {deployments} Deployments", _shown(digests)
    if binary.kustomize() is not None:
        yield from _rows("load and dump", "kustomize", loads[0] + dumps[0], _kustomize(text))


def _rows(what: str, other: str, ours: float, theirs: float) -> Iterator[tuple[str, str]]:
    yield what, _shown(ours)
    yield f"the same by {other}", _shown(theirs)
    yield "ratio", f"{ours / theirs:.2f}"


def _load(data: bytes) -> Any:
    return load_all(data, path="bench.yaml", scalars=OBJECT)


def _libyaml_load(data: bytes) -> Any:
    return list(yaml.load_all(data, Loader=yaml.CSafeLoader))


def _libyaml_dump(values: list[Any]) -> Any:
    return yaml.dump_all(values, Dumper=yaml.CSafeDumper)


def _least(turn: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(TURNS):
        began = time.process_time()
        turn()
        seconds.append(time.process_time() - began)
    return min(seconds)


def _kustomize(text: str) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench.yaml").write_text(text)
        (folder / "kustomization.yaml").write_text("resources: [bench.yaml]\n")
        before = _children()
        if binary.build(folder).returncode:
            raise RuntimeError("kustomize did not build what it was given")
        return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main() -> None:
    for what, figure in run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(f"{what:<48} {figure}")


if __name__ == "__main__":
    main()
