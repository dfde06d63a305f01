"""A site from its tree: settings, overlay and label joined, errors with their places."""

from __future__ import annotations

import orjson
import pytest

from reconciler.model.errors import RenderError, SettingsError
from reconciler.model.refs import SITE_LABEL, SiteName
from reconciler.model.rendered import Verdict
from reconciler.render.cache import Cache
from reconciler.render.site import render_site
from tests.trees import DictTree

SITES = (SiteName("north", "barn-7"), SiteName("north", "barn-8"))
BASE = {
    "fleet.yaml": """\
        apiVersion: fleet-reconciler.dev/v1alpha1
        kind: Fleet
        name: farms
        defaults: {labels: {season: all}}
        """,
    "bases/app/kustomization.yaml": "resources: [app.yaml]\n",
    "bases/app/app.yaml": """\
        apiVersion: v1
        kind: Secret
        metadata: {name: app, creationTimestamp: null}
        stringData: {pin: '1234'}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: app, annotations: {fleet-reconciler.dev/wave: "1"}}
        """,
}

SITE_FILE = """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: SiteSettings
labels: {}
"""


def tree(**more: str) -> DictTree:
    files = dict(BASE)
    for site in SITES:
        files[f"{site.folder}/kustomization.yaml"] = (
            f"resources: [../../../bases/app]\nnamespace: {site.site}\n"
        )
    return DictTree({**files, **more})


def test_a_site_is_its_overlay_with_its_label() -> None:
    found = render_site(tree(), SITES[0], "c0ffee")
    assert (found.site, found.commit, found.verdict) == (SITES[0], "c0ffee", Verdict())
    assert found.settings.labels == {"season": "all"}
    assert [str(manifest.ref) for manifest in found.objects] == [
        "ConfigMap/barn-7/app",
        "Secret/barn-7/app",
    ]
    config, secret = found.objects
    assert orjson.loads(secret.body) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "app", "namespace": "barn-7", "labels": {SITE_LABEL: "north.barn-7"}},
        "data": {"pin": "MTIzNA=="},
    }
    assert (config.wave, str(config.origin)) == (1, "bases/app/app.yaml:6")


def test_sites_that_share_what_is_parsed_do_not_share_their_labels() -> None:
    cache = Cache()
    given = tree()
    together = [render_site(given, site, "c", cache) for site in (*SITES, SITES[0])]
    alone = [render_site(tree(), site, "c") for site in (*SITES, SITES[0])]
    assert together == alone
    assert given.reads.count("bases/app/app.yaml") <= 3


def test_a_site_that_is_rendered_again_is_not_made_again() -> None:
    cache = Cache()
    first = render_site(tree(), SITES[0], "c1", cache)
    again = render_site(tree(), SITES[0], "c2", cache)
    assert (first.commit, again.commit) == ("c1", "c2")
    assert again.objects is first.objects
    assert again.settings is first.settings


def test_what_is_a_site_s_alone_is_let_go_where_none_is_asked_for_again() -> None:
    cache, given = Cache(again=False), tree()
    first, again = ([render_site(given, site, "c", cache) for site in SITES] for _ in range(2))
    assert first == again == [render_site(tree(), site, "c") for site in SITES]
    assert not any(a.objects is b.objects for a, b in zip(first, again, strict=True))
    assert given.reads.count("bases/app/app.yaml") == 1  # their base is kept


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("fleet.yaml", BASE["fleet.yaml"].replace("season: all", "season: dry")),
        (f"{SITES[0].folder}/site.yaml", SITE_FILE.replace("{}", "{season: dry}")),
        ("bases/app/app.yaml", BASE["bases/app/app.yaml"].replace("1234", "4321")),
        (f"{SITES[0].folder}/kustomization.yaml", "resources: [../../../bases/app]\n"),
    ],
)
def test_whatever_changed_is_seen_by_a_render_that_remembers(path: str, text: str) -> None:
    cache, changed = Cache(), tree(**{path: text})
    before = render_site(tree(), SITES[0], "c1", cache)
    after = render_site(changed, SITES[0], "c2", cache)
    assert after == render_site(changed, SITES[0], "c2")
    assert (after.settings, after.objects) != (before.settings, before.objects)
    assert render_site(tree(), SITES[0], "c1", cache) == before


def test_a_site_that_was_taken_away_is_missed_by_a_render_that_remembers() -> None:
    cache, files = Cache(), {"fleet.yaml": BASE["fleet.yaml"]}
    render_site(tree(), SITES[0], "c1", cache)
    with pytest.raises(SettingsError, match="is not in the repository"):
        render_site(DictTree(files), SITES[0], "c2", cache)


def test_a_site_that_is_not_there_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="nearest: north/barn-7"):
        render_site(tree(), SiteName("north", "barn-9"), "c")


def test_settings_are_read_before_anything_is_built() -> None:
    broken = DictTree({"fleet.yaml": "kind: [", f"{SITES[0].folder}/kustomization.yaml": "x: ["})
    with pytest.raises(SettingsError) as caught:
        render_site(broken, SITES[0], "c")
    assert caught.value.path == "fleet.yaml"


def test_a_manifest_that_cannot_be_applied_shows_its_file() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\nstringData: {pin: 1234}\n"
    with pytest.raises(RenderError, match=r"^bases/app/app\.yaml:1: stringData\.pin must be"):
        render_site(tree(**{"bases/app/app.yaml": text}), SITES[0], "c")
