"""fleet.yaml and site.yaml in, a site's frozen settings out; called by ``site`` and by plans.

A site's settings are the fleet's defaults with its site.yaml laid over them: labels are merged
by name, rules are added after the fleet's, any other value replaces the default. A new key is a
row of SITE (or FLEET), a field of rendered.SiteSettings and its line in ``_settings``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.model.errors import FileError, SettingsError
from reconciler.model.pauses import LONGEST
from reconciler.model.refs import API_VERSION, SiteName
from reconciler.model.rendered import SiteSettings, Tree
from reconciler.model.rules import HealthRule, OverrideRule, PruneLimits
from reconciler.render import rules, strict
from reconciler.render.strict import Key
from reconciler.schema import names

FLEET_FILE = "fleet.yaml"
_KEPT = 8  # versions of fleet.yaml, which comes again with every site
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What holds at every site; a site may leave out what is ``optional``."""

    use: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """fleet.yaml: the fleet's name, its rings in order, and any key of site.yaml by default."""

    name: str
    rings: tuple[str, ...] = ()
    defaults: Mapping[str, Any]
    policies: Policies = Policies()
    health: tuple[HealthRule, ...] = ()


def _merged(under: Mapping[str, str], over: Mapping[str, str]) -> Mapping[str, str]:
    return {**under, **over}


def _added(under: tuple[Any, ...], over: tuple[Any, ...]) -> tuple[Any, ...]:
    """The site's own come last, as the last one that matches wins."""
    return (*under, *over)


def title(text: str) -> str:
    return "" if 0 < len(text) <= 253 and text.isprintable() else "must be 1 to 253 characters"


def _overrides(node: strict.Node) -> tuple[OverrideRule, ...]:
    """A list of rules. Where files of the site lie is no matter of the repository."""
    for name in node.value if isinstance(node.value, dict) else ():
        if why := refused(f"overrides.{name}"):
            raise node.under(name).error(f'"overrides.{name}" {why}')
    return rules.overrides(node)


_LONGEST_PAUSE = 31 * 86_400.0  # seconds
SITE: strict.Table = {
    "labels": Key(read=strict.string_map(names.qualified, names.label_value), lay=_merged),
    "ring": Key(read=strict.string(names.word)),
    "kinds.forbid": Key(read=strict.strings(names.group_kind)),
    "drift": Key(read=rules.drift, lay=_added),
    "adopt": Key(read=rules.adopt, lay=_added),
    "pause": Key(read=rules.pause),
    "suspend": Key(read=strict.boolean),
    "pin": Key(read=strict.string(rules.commit)),
    "overrides": Key(read=_overrides, lay=_added),
    "limits.pause": Key(read=strict.duration(_LONGEST_PAUSE)),
    "limits.prune": Key(read=rules.prune_limits),
    "prune.allow": Key(read=rules.prune_allow, lay=_added),
    "policies.add": Key(read=strict.strings(names.file_word), lay=_added),
    "policies.leaveOut": Key(read=strict.strings(names.file_word), lay=_added),
}
FLEET: strict.Table = {
    "name": Key(read=strict.string(title)),
    "rings": Key(read=strict.strings(names.word)),
    "policies.use": Key(read=strict.strings(names.file_word)),
    "policies.optional": Key(read=strict.strings(names.file_word)),
    "health": Key(read=rules.health),
    "defaults": Key(read=lambda node: strict.read(node, SITE, refused)),
}

# Keys of the site's own configuration and trust file, as a repository might spell them.
_SOURCES = (
    "source, source.urls, remote, remotes, url, urls, branch, repo, repository, poll, interval,"
    " bytesperday, staleafter, credentials, credential, username, password, token, tokenfile,"
    " sshkey, sshkeyfile, knownhosts, knownhostsfile, ca, cafile, proxy, proxies, httpproxy,"
    " httpsproxy, noproxy"
)
_TRUST = (
    "trust, trustfile, trustmode, mode, key, keys, signers, principals, role, roles,"
    " minimumcommit, localaccept"
)
_PLACE = (
    "site, path, paths, state, statedir, status, status.remote, overrides.dir, metrics, agent,"
    " fromrepository, config, configuration, kubeconfig, context"
)
_LOCAL = frozenset(", ".join((_SOURCES, _TRUST, _PLACE)).split(", "))


def refused(dotted: str) -> str:
    """Why a key may not stand in the repository, ``""`` if it is merely unknown."""
    if dotted.lower().replace("_", "").replace("-", "") not in _LOCAL:
        return ""
    return (
        "is refused in the repository: how a site trusts and reaches its sources (remotes,"
        " credentials, proxies, paths, keys, trust mode, roles) and where it keeps its state live"
        " in the site's own configuration"
    )


def read_fleet(tree: Tree) -> Fleet:
    """Raises SettingsError, MissingBlobs."""
    node, values = _fleet(_bytes(tree, FLEET_FILE))
    if "name" not in values:
        raise node.error("name is missing: expected the fleet's name")
    rings = values.get("rings", ())
    defaults = values.get("defaults", {})
    if "ring" in defaults:
        _check_ring(node.under("defaults"), defaults["ring"], rings)
    _check_policies(tree, node, values)
    return Fleet(
        name=values["name"],
        rings=rings,
        defaults=defaults,
        policies=Policies(
            use=values.get("policies.use", ()), optional=values.get("policies.optional", ())
        ),
        health=values.get("health", ()),
    )


def read_settings(tree: Tree, site: SiteName) -> SiteSettings:
    """A site that has no site.yaml has the fleet's defaults. Raises SettingsError, MissingBlobs."""
    fleet = read_fleet(tree)
    listing = _overlay(tree, site)
    values: dict[str, Any] = {}
    if "site.yaml" in listing:
        node = _file(tree, path(site))
        values = _read(node, "SiteSettings", SITE)
        if "ring" in values:
            _check_ring(node, values["ring"], fleet.rings)
        _check_choice(tree, node, values, fleet.policies)
    elif "site.yml" in listing:
        raise SettingsError("the file must be called site.yaml", path=f"{site.folder}/site.yml")
    return _settings(fleet, strict.lay(fleet.defaults, values, SITE))


def require(tree: Tree, site: SiteName) -> None:
    """Raises SettingsError, with the nearest names, where there is no such site."""
    _overlay(tree, site)


def path(site: SiteName) -> str:
    """Of the site's own settings."""
    return f"{site.folder}/site.yaml"


def sites(tree: Tree) -> tuple[SiteName, ...]:
    """Every folder sites/REGION/SITE with a kustomization, sorted."""
    return tuple(site for site in _folders(tree) if _has_overlay(tree, site))


def _settings(fleet: Fleet, values: Mapping[str, Any]) -> SiteSettings:
    return SiteSettings(
        fleet=fleet.name,
        labels=values.get("labels", {}),
        ring=values.get("ring", ""),
        forbid=values.get("kinds.forbid", ()),
        drift=values.get("drift", ()),
        adopt=values.get("adopt", ()),
        pause=values.get("pause"),
        pause_limit=values.get("limits.pause", LONGEST),
        suspend=values.get("suspend", False),
        pin=values.get("pin", ""),
        overrides=values.get("overrides", ()),
        prune_limits=values.get("limits.prune", PruneLimits()),
        prune_allow=values.get("prune.allow", ()),
        policies=_chosen(fleet.policies, values),
        health=fleet.health,
    )


def _chosen(policies: Policies, values: Mapping[str, Any]) -> tuple[str, ...]:
    out = values.get("policies.leaveOut", ())
    found = (*policies.use, *values.get("policies.add", ()))
    return tuple(name for name in dict.fromkeys(found) if name not in out)


def _check_policies(tree: Tree, node: strict.Node, values: Mapping[str, Any]) -> None:
    _check_files(tree, node, values, "use")
    for name in values.get("policies.optional", ()):
        if name not in values.get("policies.use", ()):
            raise _policy(node, "optional", f"{name} is not among policies.use")
    defaults = values.get("defaults", {})
    if "policies.add" in defaults:
        _check_files(tree, node.under("defaults"), defaults, "add")
    if "policies.leaveOut" in defaults:
        wrong = "is for sites alone: take it out of policies.use"
        raise _policy(node.under("defaults"), "leaveOut", wrong)


def _check_choice(
    tree: Tree, node: strict.Node, values: Mapping[str, Any], policies: Policies
) -> None:
    _check_files(tree, node, values, "add")
    for name in values.get("policies.leaveOut", ()):
        if name not in policies.optional:
            why = f"{name} is not among policies.optional of {FLEET_FILE}"
            raise _policy(node, "leaveOut", why)


def _check_files(tree: Tree, node: strict.Node, values: Mapping[str, Any], key: str) -> None:
    for name in values.get(f"policies.{key}", ()):
        path = f"policies/{name}.yaml"
        try:
            is_file = tree.kind(path) == "file"
        except FileError as error:  # a symlink, a submodule
            raise _policy(node, key, f"{path}: {error.message}") from None
        if not is_file:
            raise _policy(node, key, f"there is no {path}")


def _policy(node: strict.Node, key: str, why: str) -> SettingsError:
    return node.under("policies").under(key).error(f"policies.{key}: {why}")


def _read(node: strict.Node, kind: str, table: strict.Table) -> dict[str, Any]:
    head = {
        "apiVersion": Key(read=strict.exactly(API_VERSION)),
        "kind": Key(read=strict.exactly(kind)),
    }
    values = strict.read(node, {**head, **table}, refused)
    for name, expected in (("apiVersion", API_VERSION), ("kind", kind)):
        if name not in values:
            raise node.error(f"{name} is missing: expected {name}: {expected}")
    return {name: value for name, value in values.items() if name in table}


def _check_ring(node: strict.Node, ring: str, rings: tuple[str, ...]) -> None:
    if ring not in rings:
        known = ", ".join(strict.nearest(ring, rings, len(rings))) or "none"
        raise node.under("ring").error(
            f'ring: "{ring}" is not among the rings of {FLEET_FILE}: {known}'
        )


@lru_cache(_KEPT)
def _fleet(data: bytes) -> tuple[strict.Node, Mapping[str, Any]]:
    """fleet.yaml and its values, not to be changed."""
    node = strict.document(FLEET_FILE, data)
    return node, _read(node, "Fleet", FLEET)


def _file(tree: Tree, path: str) -> strict.Node:
    return strict.document(path, _bytes(tree, path))


def _bytes(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path)
    except FileNotFoundError:
        raise SettingsError("the file is missing", path=path) from None
    except SettingsError:
        raise
    except FileError as error:  # unreadable, too large
        raise SettingsError(error.message, path=error.path or path) from None


def _overlay(tree: Tree, site: SiteName) -> tuple[str, ...]:
    """The names in a site's folder. Raises SettingsError where it is no site's."""
    if not _is_folder(tree, site.folder):
        raise SettingsError(f"site {site} is not in the repository{_hint(tree, site)}")
    if not _has_overlay(tree, site):
        expected = ", ".join(KUSTOMIZATIONS)
        raise SettingsError(f"no kustomization: expected one of {expected}", path=site.folder)
    return tree.names(site.folder)


def _hint(tree: Tree, site: SiteName) -> str:
    """The nearest sites: by name in its region or one like it, and of its own name elsewhere."""
    regions = [name for name in _names(tree, "sites") if _is_folder(tree, f"sites/{name}")]
    alike = strict.nearest(site.region, regions)
    found = [f"{region}/{name}" for region in alike for name in _names(tree, f"sites/{region}")]
    found += [f"{region}/{site.site}" for region in regions if region not in alike]
    likely = strict.nearest(str(site), found, most=30)
    known = [name for name in likely if _is_folder(tree, f"sites/{name}")][:3]
    return f"; nearest: {', '.join(known)}" if known else ""


def _folders(tree: Tree) -> Iterator[SiteName]:
    for region in _names(tree, "sites"):
        for name in _names(tree, f"sites/{region}"):
            try:
                yield SiteName.parse(f"{region}/{name}")
            except ValueError:
                continue  # a README, or what no site can be called


def _has_overlay(tree: Tree, site: SiteName) -> bool:
    return any(name in KUSTOMIZATIONS for name in _names(tree, site.folder))


def _names(tree: Tree, path: str) -> tuple[str, ...]:
    return tree.names(path) if _is_folder(tree, path) else ()


def _is_folder(tree: Tree, path: str) -> bool:
    try:
        return tree.kind(path) == "folder"
    except FileError:  # a symlink or submodule
        return False
