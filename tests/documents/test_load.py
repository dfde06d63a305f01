from __future__ import annotations

from typing import Any

import pytest

from reconciler.documents.load import Limits, load_all, locate
from reconciler.documents.scalars import CONFIG, OBJECT, RESOURCE, Scalars
from reconciler.model.errors import FileError, RenderError, SettingsError

SCALARS: list[tuple[str, Any, Any]] = [  # text, as a resource, as configuration
    ("yes", "yes", True),
    ("Off", "Off", False),
    ("y", "y", True),
    ("true", True, True),
    ("FALSE", False, False),
    ("", None, None),
    ("~", None, None),
    ("Null", None, None),
    ("nULL", "nULL", "nULL"),
    ("010", 8, 8),
    ("0o10", 8, 8),
    ("0x1F", 31, 31),
    ("-0x1f", -31, -31),
    ("0b11", 3, 3),
    ("1_000", 1000, 1000),
    ("_1", "_1", "_1"),
    ("+1", 1, 1),
    ("-0", 0, 0),
    ("08", 8, 8),
    ("1.0", 1, 1),
    ("1.50", 1.5, 1.5),
    (".5", 0.5, 0.5),
    ("5.", 5, 5),
    ("._5", "._5", "._5"),
    (".1_2e1_0", 1200000000, 1200000000),
    (".1__2", ".1__2", ".1__2"),
    ("1e3", 1000, 1000),
    ("1e", "1e", "1e"),
    ("1e999", "1e999", "1e999"),
    ("0x", "0x", "0x"),
    ("1:30", "1:30", "1:30"),
    ("1.2.3", "1.2.3", "1.2.3"),
    ("9223372036854775808", 2**63, 2**63),
    ("+9223372036854775808", 9223372036854776000, 9223372036854776000),
    ("18446744073709551616", 2.0**64, 2.0**64),
    ("1e21", 1e21, 1e21),
    ("2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01"),
    ("2020-1-1 1:2:3.450", "2020-01-01T01:02:03.45Z", "2020-1-1 1:2:3.450"),
    ("2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00+02:00"),
    ("2020-02-30", "2020-02-30", "2020-02-30"),
    ("2020-01-01T00:00:00", "2020-01-01T00:00:00", "2020-01-01T00:00:00"),
    ("=", "=", "="),
    ("<<", "<<", "<<"),
    ("!!str 1", "1", "1"),
    ("!!int '1'", 1, 1),
    ("!!float 1", 1, 1),
    ("!!bool 'true'", True, True),
    ("!!null ''", None, None),
    ("!!binary aGk=", "hi", "hi"),
    ("!!timestamp 2020-01-01", "2020-01-01T00:00:00Z", "2020-01-01"),
    ("!thing 1", "1", "1"),
    ("! 1", 1, "1"),
    ("! '1'", "1", "1"),
]


def value_of(text: str, scalars: Scalars = RESOURCE) -> Any:
    (document,) = load_all(text.encode(), path="r.yaml", scalars=scalars)
    return document.value


def refusal(data: bytes, scalars: Scalars = RESOURCE, limits: Limits | None = None) -> FileError:
    with pytest.raises(RenderError) as caught:
        load_all(data, path="r.yaml", scalars=scalars, limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize(("text", "resource", "config"), SCALARS)
def test_a_scalar_means_what_it_means_to_kustomize(text: str, resource: Any, config: Any) -> None:
    for scalars, expected in ((RESOURCE, resource), (CONFIG, config)):
        found = value_of(f"a: {text}\n", scalars)["a"]
        assert (type(expected), expected) == (type(found), found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: .inf", "1:4: json: unsupported value: +Inf: JSON has no .inf"),
        ("a: !!int x", "1:4: cannot decode this as a !!int"),
        ("a: !!int 1.0", "1:4: cannot decode this as a !!int"),
        ("a: !!bool yes", "1:4: cannot decode this as a !!bool"),
        ("a: !!null x", "1:4: cannot decode this as a !!null"),
        ("a: !!timestamp x", "1:4: cannot decode this as a !!timestamp"),
        ("a: !!binary x", "1:4: !!binary value contains invalid base64 data"),
        ("a: 1\nb: {c: 2, c: 3}", '2:11: mapping key "c" already defined at line 2'),
        ("a: 1\nb:\n- x: 1\n- x: 1\n  x: 2", '5:3: mapping key "x" already defined at line 4'),
        ("b: {1: a}", "1:5: the key 1 is not a string: quote it"),
        ("null: a", "1:1: the key null is not a string: quote it"),
        ("b: {2020-01-01: a}", "1:5: the key 2020-01-01 is not a string: quote it"),
        ("{[a]: b}", "1:2: invalid map key: keys must be strings"),
        ("a: *b", "1:4: MalformedYAMLError: unknown anchor 'b' referenced"),
        ("a: &a [*a]", "1:8: anchor 'a' value contains itself"),
        ("a: {<<: 1}", "map merge requires map or sequence of maps as the value"),
        ("a: {<<: {}, <<: {}}", "1:13: duplicate merge key"),
        ("a: [", "2:1: MalformedYAMLError: did not find expected node content"),
        ("a: 1\nb: \x01", "2: MalformedYAMLError: control characters are not allowed"),
        ("a: 1\n--- b\nc: 1\n", "2: invalid document separator: text after ---"),
    ],
)
def test_what_kustomize_refuses_is_refused_with_its_place(text: str, said: str) -> None:
    assert said in str(refusal(text.encode()))


def test_duplicate_keys_in_configuration_are_settled_by_the_last() -> None:
    assert value_of("a: 1\na: 2", CONFIG) == {"a": 2}


def test_keys_in_configuration_may_be_numbers_and_booleans() -> None:
    assert value_of("{1: a, yes: b, 1.5: c}", CONFIG) == {"1": "a", "true": "b", "1.5": "c"}


@pytest.mark.parametrize("head", ["%YAML 1.1\n---\n", "# a\n%YAML 1.1 # b\n# c\n---\n"])
def test_the_version_of_yaml_may_stand_before_settings_and_before_no_objects(head: str) -> None:
    data = f"{head}a: b\n".encode()
    (found,) = load_all(data, path="x", scalars=CONFIG)
    assert (found.value, found.line) == ({"a": "b"}, head.count("\n") + 1)
    assert locate(data, 0, ("a",)) == (head.count("\n") + 1, 1)
    with pytest.raises(RenderError):
        load_all(data, path="x", scalars=RESOURCE)


@pytest.mark.parametrize(
    "head", ["%YAML 1.1\n%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%TAG foo bar\n---\n"]
)
def test_another_version_of_yaml_and_one_told_twice_are_refused(head: str) -> None:
    with pytest.raises(RenderError):
        load_all(f"{head}a: b\n".encode(), path="x", scalars=CONFIG)


def test_documents_keep_their_first_lines() -> None:
    data = b"# head\n\na: 1\n---\n---\n# nothing\n--- # end\nb: 2\n---\nnull\n---\r\n- c\n"
    documents = load_all(data, path="r.yaml")
    assert [(d.value, d.line) for d in documents] == [({"a": 1}, 3), ({"b": 2}, 8), (["c"], 12)]


def test_what_follows_the_end_of_a_document_is_not_read() -> None:
    assert value_of("a: 1\n...\nb: [\n") == {"a": 1}


def test_json_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    assert value_of('\ufeff{\r\n\t"a": "1",\r\n\t"b": [true, 1e3]\r\n}\r\n') == {
        "a": "1",
        "b": [True, 1000],
    }


def test_an_alias_is_a_copy() -> None:
    value = value_of("a: &a {x: [1]}\nb: *a\nc: {y: *a}\n")
    value["b"]["x"].append(2)
    assert value == {"a": {"x": [1]}, "b": {"x": [1, 2]}, "c": {"y": {"x": [1]}}}


def test_own_keys_win_over_merged_ones_and_earlier_sources_over_later() -> None:
    text = "a: &a {x: 1, z: 1}\nb: &b {x: 2, y: 2}\nc:\n  w: 0\n  <<: [*a, *b]\n  z: 3\n"
    assert value_of(text)["c"] == {"w": 0, "x": 1, "y": 2, "z": 3}


ANNOTATIONS = """metadata:
  annotations: {a: 1.10, b: True, c: !!int 010, d: 2020-01-01, e: ~, f: , g: &g 1_0, h: *g, i: "x"}
  labels: {a: 1.10, f: }
spec: {annotations: {a: 1.10}, f: , g: [~]}
"""


def test_annotations_are_text_as_they_are_written() -> None:
    text = {"a": "1.10", "b": "True", "c": "010", "d": "2020-01-01", "g": "1_0", "h": "1_0"}
    value = value_of(ANNOTATIONS)
    assert value["metadata"]["annotations"] == {**text, "e": None, "f": None, "i": "x"}
    assert value["metadata"]["labels"] == {"a": 1.1, "f": None}
    assert value["spec"] == {"annotations": {"a": 1.1}, "f": None, "g": [None]}


def test_in_an_object_an_annotation_that_is_null_is_text_too() -> None:
    value = value_of(ANNOTATIONS, OBJECT)
    annotations = value["metadata"]["annotations"]
    assert (annotations["e"], annotations["f"]) == ("~", "")


def test_in_an_object_nothing_between_braces_is_an_empty_string() -> None:
    text = "a: {x: , y: ~}\nb:\nc:\n- {x}\n-\n"
    assert value_of(text, OBJECT) == {"a": {"x": "", "y": None}, "b": None, "c": [{"x": ""}, None]}
    assert value_of(text)["a"] == {"x": None, "y": None}


def test_anchors_end_with_their_document() -> None:
    assert "unknown anchor 'a'" in str(refusal(b"a: &a 1\n---\nb: *a\n"))


def test_the_caller_says_which_error_it_wants() -> None:
    with pytest.raises(SettingsError) as caught:
        load_all(b"a: [", path="fleet.yaml", error=SettingsError)
    assert caught.value.path == "fleet.yaml"


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (("a",), (2, 1)),
        (("b", "c"), (4, 3)),
        (("b", "c", 1), (4, 10)),
        (("b", "d", 1, "e"), (7, 5)),
        (("b", "d", 7, "e"), (5, 3)),
        (("b", "x", "y"), (3, 1)),
        ((), (2, 1)),
    ],
)
def test_a_field_or_its_nearest_parent_is_found(
    field: tuple[str | int, ...], place: tuple[int, int]
) -> None:
    text = b"#\na: 1\nb:\n  c: [1, {x: 2}]\n  d:\n  - e: 1\n  - e: 2\n"
    assert locate(text, 0, field) == place
    assert locate(b"---\n---\nz: 1\n---\n" + text, 1, field) == (place[0] + 4, place[1])
