"""Whole builds: a tree goes in, what kustomize prints comes out."""

from __future__ import annotations

import pytest

from reconciler.model.errors import RenderError
from reconciler.render.build import build
from reconciler.render.output import to_yaml
from tests.trees import DictTree

DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
      labels: {app: web}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - name: web
            image: nginx:1.25
            envFrom:
            - configMapRef: {name: settings}
    """


def test_an_overlay_changes_its_base_from_top_to_bottom() -> None:
    tree = DictTree(
        {
            "base/kustomization.yaml": """
                resources: [web.yaml]
                configMapGenerator:
                - name: settings
                  literals: [LEVEL=info]
                """,
            "base/web.yaml": DEPLOYMENT,
            "site/kustomization.yaml": """
                namespace: shop
                namePrefix: eu-
                resources: [../base]
                labels:
                - pairs: {site: one}
                  includeSelectors: true
                images:
                - name: nginx
                  newTag: "1.27"
                replicas:
                - name: web
                  count: 3
                patches:
                - target: {kind: Deployment}
                  patch: |
                    - op: add
                      path: /spec/paused
                      value: true
                configMapGenerator:
                - name: settings
                  behavior: merge
                  literals: [LEVEL=debug]
                """,
        }
    )
    assert to_yaml(build(tree, "site")) == (
        """\
apiVersion: v1
data:
  LEVEL: debug
kind: ConfigMap
metadata:
  labels:
    site: one
  name: eu-settings-t84bgbmfg7
  namespace: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: web
    site: one
  name: eu-web
  namespace: shop
spec:
  paused: true
  replicas: 3
  selector:
    matchLabels:
      app: web
      site: one
  template:
    metadata:
      labels:
        app: web
        site: one
    spec:
      containers:
      - envFrom:
        - configMapRef:
            name: eu-settings-t84bgbmfg7
        image: nginx:1.27
        name: web
"""
    )


def test_each_object_knows_the_line_that_it_comes_from() -> None:
    tree = DictTree({"kustomization.yaml": "resources: [web.yaml]", "web.yaml": DEPLOYMENT})
    (web,) = build(tree, "")
    assert str(web.origin) == "web.yaml:2"


def test_an_unknown_field_is_an_error_with_its_place_and_the_nearest_name() -> None:
    tree = DictTree({"kustomization.yaml": "resources: []\nnamePrefixx: a-\n"})
    with pytest.raises(RenderError) as caught:
        build(tree, "")
    assert 'json: unknown field "namePrefixx"' in str(caught.value)
    assert "did you mean 'namePrefix'?" in str(caught.value)
    assert str(caught.value).startswith("kustomization.yaml:2:1: ")


def test_a_patch_without_a_target_names_the_nearest_objects() -> None:
    tree = DictTree(
        {
            "kustomization.yaml": """
                resources: [web.yaml]
                patches:
                - patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: wep}}'
                """,
            "web.yaml": DEPLOYMENT,
        }
    )
    with pytest.raises(RenderError) as caught:
        build(tree, "")
    assert "no matches for Id Deployment.v1.apps/wep.[noNs]" in str(caught.value)
    assert "nearest: Deployment.v1.apps/web.[noNs]" in str(caught.value)
    assert caught.value.line == 4


def test_the_build_leaves_what_it_was_given_as_it_was() -> None:
    tree = DictTree(
        {
            "kustomization.yaml": "resources: [web.yaml]\nnamePrefix: a-\ncommonLabels: {a: b}",
            "web.yaml": DEPLOYMENT,
        }
    )
    assert to_yaml(build(tree, "")) == to_yaml(build(tree, ""))
