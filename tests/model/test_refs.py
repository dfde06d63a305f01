"""Names have one text form each."""

import pytest

from reconciler.model import refs


@pytest.mark.parametrize(
    "text", ["Deployment.apps/serving/triton", "Namespace/serving", "ConfigMap/a/b"]
)
def test_an_object_reads_back_from_its_text(text: str) -> None:
    assert str(refs.ObjectRef.parse(text)) == text


@pytest.mark.parametrize("text", ["", "ConfigMap", "/a", "ConfigMap//b", "A/b/c/d"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected KIND"):
        refs.ObjectRef.parse(text)


@pytest.mark.parametrize("text", ["north/", "North/a", "a/b/c", "a/-b", "a/" + "x" * 32, "../x"])
def test_a_site_name_is_bounded(text: str) -> None:
    with pytest.raises(ValueError, match="REGION/SITE"):
        refs.SiteName.parse(text)


def test_a_site_has_one_name_everywhere() -> None:
    site = refs.SiteName.parse("north/barn-7")
    assert (str(site), site.label, site.folder, site.notes_ref) == (
        "north/barn-7",
        "north.barn-7",
        "sites/north/barn-7",
        "refs/notes/fleet/north/barn-7",
    )
