import pytest

from reconciler.model import fields
from reconciler.model.fields import Element, Item

MAIN = Item((("name", "main"),))
IMAGE = ("spec", "containers", MAIN, "image")


@pytest.mark.parametrize(
    ("path", "shown", "rule"),
    [
        ((), ".", ""),
        (IMAGE, "spec.containers[name=main].image", "/spec/containers/[name=main]/image"),
        (("spec", "args", 2), "spec.args[2]", "/spec/args/*"),
        (
            ("metadata", "annotations", "a.b/c"),
            'metadata.annotations["a.b/c"]',
            "/metadata/annotations/a.b~1c",
        ),
        (("metadata", "finalizers", Element('"x"')), 'metadata.finalizers[="x"]', None),
        (
            ("spec", "ports", Item((("containerPort", "80"), ("protocol", "TCP")))),
            "spec.ports[containerPort=80,protocol=TCP]",
            "/spec/ports/[containerPort=80,protocol=TCP]",
        ),
        (
            ("spec", "mounts", Item((("mountPath", "/a,b=c"),)), "subPath"),
            "spec.mounts[mountPath=/a,b=c].subPath",
            "/spec/mounts/[mountPath=~1a~2b=c]/subPath",
        ),
        (("spec", "[::1]:80", "x"), 'spec["[::1]:80"].x', "/spec/~3::1]:80/x"),
        (("spec", "", "x"), 'spec[""].x', "/spec"),
        (("spec", "a" * 600, "x"), f"spec.{'a' * 600}.x", "/spec"),
        (("spec", *["a"] * 70), f"spec{'.a' * 70}", "/spec" + "/a" * 63),
    ],
)
def test_a_path_is_shown_and_written_as_a_rule(
    path: fields.Path, shown: str, rule: str | None
) -> None:
    assert fields.show(path) == shown
    if rule:
        assert fields.rule(path) == rule
        assert fields.covers(fields.parse(rule), path)


@pytest.mark.parametrize(
    ("rule", "does"),
    [
        ("/spec/containers/*/image", True),
        ("/spec/containers/[name=main]/image", True),
        ("/spec/containers/[name=other]/image", False),
        ("/spec/containers", True),
        ("/spec/containers/*/image/tag", False),
        ("/status", False),
    ],
)
def test_a_rule_covers_the_field_and_all_below_it(rule: str, does: bool) -> None:
    assert fields.covers(fields.parse(rule), IMAGE) is does


def test_a_rule_reaches_into_what_holds_its_field() -> None:
    assert fields.reaches(fields.parse("/spec/containers/*/image"), ("spec", "containers"))
    assert not fields.reaches(fields.parse("/spec"), ("spec", "containers"))


@pytest.mark.parametrize(
    "text", ["", "spec", "/", "/spec//x", "/a~4", "/[name]", "/[=x]", "/[name=x", "/" + "a/" * 300]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"step|must|~"):
        fields.parse(text)
