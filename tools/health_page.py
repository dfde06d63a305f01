"""docs/health.md, its table from the rules themselves; a page of ``tools.docs``."""

from __future__ import annotations

from reconciler.model import durations
from reconciler.model.vital import PATIENCE
from reconciler.status.health import pods, rules

_HEAD = """\
# Health

`sync` says whether a commit is applied, `health` whether what was applied works. Both are in the
note, in the `Site` object and in `reconciler status`; [status](status.md) has their words.

Health follows the rules of kstatus, so that it agrees with what `kubectl rollout status`, Flux and
`kpt live` say. An object is **Healthy**, **Progressing** (slow, or just changed), **Degraded**
(stalled: waiting alone will not help), or **Unknown** (the agent may not read it). The site is as
the worst of its objects: Degraded, then Progressing, then Unknown.

For every kind, before its own rule: an object that is being deleted, and one whose
`status.observedGeneration` is behind its `metadata.generation`, is Progressing. Conditions of an
earlier generation do not count.

## Rules

This table is written from the code by `make docs`.

"""

_TAIL = f"""
All other kinds that Kubernetes itself has (ConfigMaps, Secrets, RBAC, Ingresses, ...) are Healthy
as soon as they are applied.

Custom kinds whose conditions mean something else get a rule of your own: `health` in
[fleet.yaml](fleet-repository.md), expressions in CEL. It is asked before the rule above, and after
what holds for every kind.

## Slow and stalled

- What its controller calls stalled is Degraded at once: a Deployment's `progressDeadlineSeconds`, a
  failed Job, the condition `Stalled`.
- While a workload is not healthy its Pods are watched, and the worst of them says why: an image
  that cannot be pulled, with its name; a container that cannot be made; one that crashes again and
  again, with its last exit code, signal or reason; all Degraded at once. A Pod that no node takes
  is Degraded after {durations.show(pods.UNSCHEDULABLE)}, in the scheduler's words.
- What is Progressing in the same words for {durations.show(PATIENCE)} is Degraded: `no progress
  for {durations.show(PATIENCE)}: ...`. A claim may wait for its first Pod for as long as it likes.

`unhealthy` in the note lists the objects, the degraded ones first. A site that is Degraded has the
reason [Stalled](troubleshooting.md#stalled), the state `Degraded` and the condition
`Healthy: False`; it is synced all the same, and drift is corrected as ever.

## Waves that wait

By default a wave waits until the one before is applied, and not until it works. Two annotations ask
for more:

- `fleet-reconciler.dev/depends-on` names objects that must be healthy before this one is applied;
- `fleet-reconciler.dev/wait: "true"` holds all later waves until this object is healthy.

Meanwhile `sync` is `Progressing` with the reason [Waiting](troubleshooting.md#waiting), and
`waiting` says for what, why that is not healthy, and how many objects wait. All else of the commit
is applied, nothing is pruned yet, and nothing is polled: when the object becomes healthy, the pass
goes on. A Job opens its gate when it is complete. Where the object is Degraded, or not healthy
after {durations.show(PATIENCE)}, `sync` is `Failed` with the reason `Stalled`; it still goes on by
itself once the object is healthy, or with the next commit.

## What it costs

Health is seen from the watches: they carry metadata alone, so an object with a rule is read once
when its status has changed, and more and more rarely (at most once in 30 s) where that goes on and
on. An object that rests is not read, and neither is one without a rule. The watch of Pods is there
only while a workload is not healthy. Reading Pods needs `get`, `list` and `watch` of `pods`;
without them the workload's own words are all there is.

When all of a commit is applied and healthy, and ten seconds later still, it is marked as the last
healthy one, in the database and in the inventory in the cluster.
"""


def render() -> str:
    rows = [(kind, rule) for (_, kind), rule in rules.RULES.items()]
    rows.append(("custom kinds", rules.CUSTOM))
    lines = [
        ("kind", "Healthy when", "Progressing when", "Degraded when"),
        ("---",) * 4,
        *((name, rule.healthy, rule.progressing, rule.degraded) for name, rule in rows),
    ]
    return f"{_HEAD}{''.join(_line(line) for line in lines)}{_TAIL}"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"
