"""What is applied: our label, no stringData, nothing that only the API server can know."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson
import pytest

from reconciler.model.errors import RenderError
from reconciler.model.origins import Origin
from reconciler.model.refs import DEPENDS_ON, SITE_LABEL, WAIT, WAVE, ObjectRef, SiteName
from reconciler.model.rendered import Manifest
from reconciler.render.manifest import SERVER_SET, manifest

SITE = SiteName("north", "barn-7")
ORIGIN = Origin("bases/app/app.yaml", 12, "secretGenerator[0]")


def value(kind: str = "ConfigMap", **fields: Any) -> dict[str, Any]:
    metadata = {"name": "app", "namespace": "serving", **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def made(**fields: Any) -> Manifest:
    return manifest(value(**fields), ORIGIN, SITE)


def applied(**fields: Any) -> Any:
    return orjson.loads(made(**fields).body)


def refusal(**fields: Any) -> str:
    with pytest.raises(RenderError) as caught:
        made(**fields)
    assert (caught.value.path, caught.value.line) == (ORIGIN.path, ORIGIN.line)
    assert ORIGIN.generator in caught.value.message
    return caught.value.message


def test_an_object_gets_our_label_and_its_digest() -> None:
    found = made(data={"b": "2", "a": "1"})
    assert found.body == (
        b'{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap","metadata":{"labels":'
        b'{"fleet-reconciler.dev/site":"north.barn-7"},"name":"app","namespace":"serving"}}'
    )
    assert found.digest == hashlib.sha256(found.body).hexdigest()
    assert found.ref == ObjectRef("", "ConfigMap", "serving", "app")
    assert (found.api_version, found.origin) == ("v1", ORIGIN)


def test_our_label_cannot_be_another_sites() -> None:
    labels = applied(metadata={"labels": {SITE_LABEL: "south.x", "app": "a"}})["metadata"]["labels"]
    assert labels == {SITE_LABEL: "north.barn-7", "app": "a"}


def test_the_rendered_value_is_left_as_it_is() -> None:
    given = value(kind="Secret", stringData={"a": "b"}, status={}, metadata={"labels": None})
    before = orjson.dumps(given)
    manifest(given, ORIGIN, SITE)
    assert orjson.dumps(given) == before


def test_string_data_is_folded_over_data() -> None:
    found = applied(kind="Secret", data={"a": "eA==", "b": "eA=="}, stringData={"b": "wörd"})
    assert found["data"] == {"a": "eA==", "b": base64.b64encode("wörd".encode()).decode()}
    assert "stringData" not in found


@pytest.mark.parametrize("empty", [None, {}])
def test_empty_string_data_leaves_no_trace(empty: Any) -> None:
    assert "stringData" not in applied(kind="Secret", stringData=empty)
    assert "data" not in applied(kind="Secret", stringData=empty)


def test_only_secrets_have_string_data() -> None:
    assert applied(kind="ConfigMap", stringData={"a": "b"})["stringData"] == {"a": "b"}


def test_a_secret_is_never_quoted_in_an_error() -> None:
    assert "1234" not in refusal(kind="Secret", stringData={"pin": 1234})
    assert "stringData.pin must be a string" in refusal(kind="Secret", stringData={"pin": 1234})
    assert "1234" not in refusal(kind="Secret", stringData=1234)
    assert "1234" not in refusal(kind="Secret", data="1234", stringData={})


def test_what_only_the_server_knows_is_dropped() -> None:
    found = applied(metadata=dict.fromkeys(SERVER_SET, "x"), status={"phase": "Bound"})
    assert set(found["metadata"]) == {"labels", "name", "namespace"}
    assert "status" not in found


def test_wave_and_dependencies_are_read() -> None:
    notes = {WAVE: "-3", DEPENDS_ON: "Deployment.apps/serving/db, Namespace/serving"}
    found = made(metadata={"annotations": notes})
    assert found.wave == -3
    assert [str(ref) for ref in found.depends_on] == notes[DEPENDS_ON].split(", ")
    assert not found.wait
    assert made(metadata={"annotations": {WAIT: "true"}}).wait


@pytest.mark.parametrize(
    "wave", ["", "first", "1.5", " 1", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 7, None, {}]
)
def test_a_wave_is_a_whole_number(wave: Any) -> None:
    message = refusal(metadata={"annotations": {WAVE: wave}})
    assert "annotation fleet-reconciler.dev/wave: expected a whole number" in message


@pytest.mark.parametrize("text", ["db", "Deployment.apps/a,", "a/b/c/d", 5, None])
def test_a_dependency_is_an_object(text: Any) -> None:
    message = refusal(metadata={"annotations": {DEPENDS_ON: text}})
    assert "annotation fleet-reconciler.dev/depends-on: expected" in message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metadata": {"labels": ["a"]}}, "metadata.labels: expected a mapping, found a list"),
        (
            {"metadata": {"annotations": "x"}},
            "metadata.annotations: expected a mapping, found a string",
        ),
        ({"data": {"a": float("inf")}}, "unsupported value"),
    ],
)
def test_what_cannot_be_applied_is_an_error_at_its_origin(
    fields: dict[str, Any], message: str
) -> None:
    assert message in refusal(**fields)


def test_an_object_nested_past_what_json_carries_is_an_error() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    assert refusal(data=deep)
