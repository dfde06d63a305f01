"""fleet.yaml and site.yaml: strict, laid over each other, every error with its place."""

from __future__ import annotations

import pytest

import reconciler
from reconciler.model.errors import FileError, MissingBlobs, SettingsError
from reconciler.model.refs import SiteName
from reconciler.model.rendered import FileKind
from reconciler.model.rules import (
    AdoptRule,
    DriftMode,
    DriftRule,
    PruneAllowance,
    PruneLimits,
)
from reconciler.render import settings
from tests.trees import DictTree

SITE = SiteName("north", "barn-7")
FLEET = """\
apiVersion: fleet-reconciler.dev/v1alpha1
kind: Fleet
name: farms
rings: [canary, wide]
defaults:
  ring: wide
  labels: {gpu: "no", season: all}
  kinds:
    forbid: [Ingress.networking.k8s.io]
"""
HEAD = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: SiteSettings\n"


def tree(site: str | None = None, fleet: str = FLEET, **more: str) -> DictTree:
    files = {"fleet.yaml": fleet, f"{SITE.folder}/kustomization.yaml": "resources: []\n", **more}
    if site is not None:
        files[f"{SITE.folder}/site.yaml"] = site
    return DictTree(files)


def refusal(site: str | None = None, fleet: str = FLEET) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        settings.read_settings(tree(site, fleet), SITE)
    return caught.value


def place(error: SettingsError) -> tuple[str, int, int]:
    return error.path.rpartition("/")[2], error.line, error.column


def test_a_site_without_a_file_has_the_defaults() -> None:
    found = settings.read_settings(tree(), SITE)
    assert (found.fleet, found.ring) == ("farms", "wide")
    assert found.labels == {"gpu": "no", "season": "all"}
    assert found.forbid == ("Ingress.networking.k8s.io",)


def test_labels_are_merged_and_other_values_replaced() -> None:
    site = HEAD + 'ring: canary\nlabels: {gpu: "yes"}\nkinds: {forbid: [Secret]}\n'
    found = settings.read_settings(tree(site), SITE)
    assert found.labels == {"gpu": "yes", "season": "all"}
    assert (found.ring, found.forbid) == ("canary", ("Secret",))


def test_a_fleet_needs_no_more_than_a_name() -> None:
    fleet = "apiVersion: fleet-reconciler.dev/v1alpha1\nkind: Fleet\nname: farms\n"
    found = settings.read_settings(tree(HEAD, fleet), SITE)
    assert (found.fleet, found.labels, found.ring, found.forbid) == ("farms", {}, "", ())


def test_dates_and_words_stay_as_they_are_written() -> None:
    site = HEAD + "labels: {opened: 2024-05-01, heated: yes}\n"
    labels = settings.read_settings(tree(site), SITE).labels
    assert (labels["opened"], labels["heated"]) == ("2024-05-01", "yes")


def test_rules_of_drift_and_adoption_come_after_the_fleets() -> None:
    site = HEAD + (
        "drift: [{mode: ignore, kind: Deployment.apps, fields: [/spec/replicas]}]\n"
        "adopt: [{managers: [kustomize-controller], namespace: web-*}]\n"
    )
    found = settings.read_settings(tree(site), SITE)
    rule = DriftRule(mode=DriftMode.IGNORE, kind="Deployment.apps", fields=("/spec/replicas",))
    assert found.drift == (rule,)
    assert found.adopt == (AdoptRule(managers=("kustomize-controller",), namespace="web-*"),)


def test_a_sites_limits_of_pruning_replace_the_fleets_and_its_allowances_are_added() -> None:
    fleet = FLEET + (
        "  limits: {prune: {percent: 50, most: 100}}\n"
        '  prune: {allow: [{refs: [all], until: "2027-01-31T18:00:00Z"}]}\n'
    )
    assert settings.read_settings(tree(HEAD, fleet), SITE).prune_limits == PruneLimits(
        percent=50, least=3, most=100
    )
    site = HEAD + (
        "limits: {prune: {least: 0}}\n"
        'prune: {allow: [{refs: [Namespace/old], until: "2027-02-01T00:00:00+01:00"}]}\n'
    )
    found = settings.read_settings(tree(site, fleet), SITE)
    assert found.prune_limits == PruneLimits(least=0)
    assert found.prune_allow == (
        PruneAllowance(refs=("all",), until=1801418400.0),
        PruneAllowance(refs=("Namespace/old",), until=1801436400.0),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {prune: {percent: 101}}", "a whole number from 0 to 100"),
        ("limits: {prune: {least: 5, most: 4}}", "least (5) is more than most (4)"),
        ("limits: {prune: {many: 5}}", "unknown key"),
        ("prune: {allow: [{refs: [all]}]}", "until is missing"),
        ('prune: {allow: [{until: "2027-01-31T18:00:00Z"}]}', "refs is missing"),
        ('prune: {allow: [{refs: [x], until: "2027-01-31T18:00:00Z"}]}', "must be KIND"),
        ("prune: {allow: [{refs: [all], until: tomorrow}]}", "a time with its zone"),
    ],
)
def test_rules_of_pruning_are_strict(text: str, message: str) -> None:
    assert message in refusal(HEAD + text + "\n").message


@pytest.mark.parametrize(
    ("line", "nearest"), [("rnig: wide", "ring"), ("lables: {}", "labels"), ("kind.x: 1", "kind")]
)
def test_an_unknown_key_names_place_version_and_the_nearest_key_first(
    line: str, nearest: str
) -> None:
    error = refusal(HEAD + line + "\n")
    assert place(error) == ("site.yaml", 3, 1)
    assert f"fleet-reconciler {reconciler.__version__} expects one of {nearest}," in error.message


def test_an_unknown_key_within_a_section_names_the_whole_key() -> None:
    error = refusal(HEAD + "kinds:\n  forbids: [Secret]\n")
    assert place(error) == ("site.yaml", 4, 3)
    assert '"kinds.forbids"' in error.message
    assert "expects one of kinds.forbid," in error.message


def test_a_section_is_not_written_with_dots() -> None:
    assert "unknown key" in refusal(HEAD + "kinds.forbid: [Secret]\n").message


@pytest.mark.parametrize("key", ["rollback"])
def test_keys_of_later_versions_are_unknown(key: str) -> None:
    assert "unknown key" in refusal(HEAD + f"{key}: {{}}\n").message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("source: {urls: [https://elsewhere]}", "source"),
        ("remotes: []", "remotes"),
        ("credentials: {tokenFile: /x}", "credentials"),
        ("httpsProxy: http://x", "httpsProxy"),
        ("trust: {mode: off}", "trust"),
        ("trust_mode: off", "trust_mode"),
        ("roles: {}", "roles"),
        ("status: {remote: x}", "status"),
        ("state: /var/lib", "state"),
        ("agent: {fromRepository: true}", "agent"),
        ("overrides: {dir: /etc}", "overrides.dir"),
    ],
)
def test_how_a_site_trusts_and_reaches_its_sources_is_refused(text: str, key: str) -> None:
    for found in (
        refusal(HEAD + text + "\n"),
        refusal(fleet=FLEET + text + "\n"),
        refusal(fleet=FLEET + f"  {text}\n"),
    ):
        assert f'"{key}" is refused in the repository' in found.message
        assert "the site's own configuration" in found.message
        assert found.line > 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ring: 5", "ring: expected a string, found 5 (a number; a string needs quotes)"),
        ("ring: true", "ring: expected a string, found true (a boolean"),
        ("ring:", "ring: expected a string, found nothing"),
        ("drift: [{kind: Pod}]", "mode is missing"),
        ("drift: [{mode: fix}]", 'expected one of correct, warn, ignore, found "fix"'),
        ("drift: [{mode: warn, fields: [spec]}]", '"spec" is no field'),
        ("drift: [{mode: warn, when: now}]", 'unknown key "when"'),
        ("adopt: [{kind: Pod}]", "managers is missing"),
        ("adopt: {}", "adopt: expected a list of mappings"),
        ("labels: [a]", "labels: expected a mapping, found a list"),
        ("labels: {a: {b: c}}", "labels.a: expected a string, found a mapping"),
        ('labels: {a: "b c"}', '"b c" must be 1 to 63 letters'),
        ('labels: {"a b": c}', 'the key "a b" has a name that must be'),
        ("kinds: []", "kinds: expected a mapping, found a list"),
        ("kinds: {forbid: Secret}", 'kinds.forbid: expected a list of strings, found "Secret"'),
        ("kinds: {forbid: [1]}", "kinds.forbid[0]: expected a string, found 1"),
        ("kinds: {forbid: [A, A]}", '"A" is listed twice'),
        ("kinds: {forbid: [apps/v1]}", '"apps/v1" must be KIND.GROUP'),
        ("ring: nightly", '"nightly" is not among the rings of fleet.yaml: canary, wide'),
        ("ring: wide\nring: canary", 'mapping key "ring" already defined at line 3'),
    ],
)
def test_a_wrong_value_says_what_was_expected(line: str, message: str) -> None:
    error = refusal(HEAD + line + "\n")
    assert message in error.message
    assert place(error)[:2] == ("site.yaml", 3 + line.count("\n"))


@pytest.mark.parametrize(
    ("fleet", "message"),
    [
        ("", "the file is empty"),
        ("[]", "expected a mapping, found a list"),
        ("kind: Fleet\nname: x\n", "apiVersion is missing"),
        (FLEET.replace("name: farms\n", ""), "name is missing"),
        (FLEET.replace("kind: Fleet", "kind: SiteSettings"), "kind: expected Fleet"),
        (FLEET.replace("v1alpha1", "v2"), f"as fleet-reconciler {reconciler.__version__} reads"),
        (FLEET.replace("ring: wide", "ring: slow"), '"slow" is not among the rings'),
        (FLEET + "---\na: b\n", "expected one document, found another"),
        (FLEET + "more: [\n", "MalformedYAMLError"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" * 2, "already defined"),
        ("a: " + "[" * 100_000, "nested deeper than"),
        ("# " + "x" * 2_000_000, "larger than"),
    ],
)
def test_a_malformed_fleet_file_is_an_error_with_its_place(fleet: str, message: str) -> None:
    error = refusal(fleet=fleet)
    assert error.path == "fleet.yaml"
    assert message in error.message
    assert len(str(error)) < 1000


def test_a_repository_without_fleet_file_says_so() -> None:
    with pytest.raises(SettingsError, match=r"fleet\.yaml: the file is missing"):
        settings.read_fleet(DictTree({}))


def test_a_site_that_is_not_there_names_the_nearest() -> None:
    found = tree(**{f"sites/north/barn-{n}/kustomization.yaml": "" for n in range(1, 7)})
    with pytest.raises(SettingsError, match=r"site north/bern-7 is not in .* north/barn-7, "):
        settings.read_settings(found, SiteName("north", "bern-7"))


def test_a_site_of_another_region_is_named() -> None:
    with pytest.raises(SettingsError, match="nearest: north/barn-7"):
        settings.read_settings(tree(), SiteName("south", "barn-7"))


def test_a_repository_without_sites_names_none() -> None:
    with pytest.raises(SettingsError, match=r"is not in the repository$"):
        settings.read_settings(DictTree({"fleet.yaml": FLEET}), SITE)


def test_a_folder_without_kustomization_is_no_site() -> None:
    found = DictTree({"fleet.yaml": FLEET, f"{SITE.folder}/site.yaml": HEAD})
    with pytest.raises(SettingsError, match=r"no kustomization: .* kustomization\.yaml"):
        settings.read_settings(found, SITE)


def test_a_site_file_of_another_spelling_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"must be called site\.yaml"):
        settings.read_settings(tree(**{f"{SITE.folder}/site.yml": HEAD}), SITE)


def test_all_sites_are_listed_and_nothing_else() -> None:
    found = DictTree(
        {
            "sites/README.md": "",
            "sites/south/a/Kustomization": "",
            "sites/north/b/kustomization.yml": "",
            "sites/north/empty/site.yaml": HEAD,
            "sites/north/Upper/kustomization.yaml": "",
        }
    )
    assert [str(site) for site in settings.sites(found)] == ["north/b", "south/a"]
    assert settings.sites(DictTree({"sites": "a file"})) == ()


class Unreadable(DictTree):
    """A tree whose files are links, or were not fetched yet."""

    def __init__(self, error: Exception) -> None:
        super().__init__({"fleet.yaml": ""})
        self._error = error

    def kind(self, path: str) -> FileKind | None:
        raise self._error

    def read(self, path: str) -> bytes:
        raise self._error


def test_a_file_that_cannot_be_read_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match=r"^fleet\.yaml: a symbolic link"):
        settings.read_fleet(Unreadable(FileError("a symbolic link", path="fleet.yaml")))


def test_a_file_that_was_not_fetched_is_asked_for() -> None:
    with pytest.raises(MissingBlobs):
        settings.read_fleet(Unreadable(MissingBlobs(("1",))))


def test_what_files_on_site_may_change_is_read_with_its_bounds() -> None:
    text = (
        HEAD + "overrides:\n"
        "- {kind: ConfigMap, name: cam*, field: /data/rate, min: 5, max: 2.5k}\n"
        "- {kind: Deployment.apps, name: a, field: /spec/paused, enum: [true, 1, x]}\n"
        "- {kind: ConfigMap, name: a, field: /data/url, pattern: 'a+'}\n"
    )
    rules = settings.read_settings(tree(text), SITE).overrides
    assert [(rule.least, rule.most, rule.enum, rule.pattern) for rule in rules] == [
        ("5", "2.5k", (), ""),
        ("", "", ("true", "1", '"x"'), ""),
        ("", "", (), "a+"),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{kind: ConfigMap, name: a, field: /data/a}", "a bound is missing"),
        ("{kind: ConfigMap, name: a, field: /data/a, min: 1, pattern: a}", "one form"),
        ("{kind: ConfigMap, name: a, field: /metadata/labels/a, pattern: a}", "no apiVersion"),
        ("{kind: ConfigMap, name: a, field: '/*', pattern: a}", "no apiVersion"),
        ("{kind: ConfigMap, name: a, field: data, pattern: a}", "must begin with /"),
        ("{kind: ConfigMap, name: a, field: /data/a, pattern: '('}", "is no pattern"),
        ("{kind: ConfigMap, name: a, field: /data/a, min: few}", "a number or a quantity"),
        ("{kind: ConfigMap, name: a, field: /data/a, enum: []}", "a list of 1 to 100"),
        ("{kind: ConfigMap, name: a, field: /data/a, enum: [[1]]}", "a string, a number"),
        ("{kind: ConfigMap, field: /data/a, pattern: a}", "name"),
    ],
)
def test_a_rule_for_overrides_that_nobody_meant_is_refused(row: str, words: str) -> None:
    assert words in refusal(HEAD + f"overrides:\n- {row}\n").message
