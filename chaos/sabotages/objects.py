"""Making a change of an object, putting the original back whole, and seeing which of the two stands there."""

from __future__ import annotations

from typing import Any

from chaos.sabotages.kinds import WORKLOADS, own
from chaos.sabotages.steps import MANAGER, MARK, Change
from chaos.world import World, uid
from fixtures.cluster.ready import role_state
from fixtures.errors import HarnessError
from fixtures.kubernetes.api import ApiError, get_if_there
from fixtures.kubernetes.informer import KubeObject
from fixtures.stack.map import Role

BORN_WITH = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
TWIN_GRACE_S = 3


def make(change: Change, world: World) -> None:
    """Make the change."""
    query = {"fieldManager": MANAGER}
    if change.before is None:
        world.cluster.request("POST", change.folder, body=change.after, query=query)
    elif change.patch is None:
        world.cluster.delete(change.path, {"preconditions": {"uid": uid(change.before)}})
    else:
        world.cluster.request(
            "PATCH", change.path, body=change.patch, content_type=change.patch_type, query=query
        )  # fmt: skip


def stands(change: Change, world: World) -> bool:
    """Whether the API shows the object as the change makes it."""
    live = look(change, world)
    if change.after is None:
        return live is None
    if live is None:
        return False
    if change.before is None:
        return change.kind != "Pod" or live.get("status", {}).get("phase") == "Running"
    return own(live, scaled=_is_scaled(change, world)) == own(change.after, scaled=_is_scaled(change, world))


def undo(change: Change, world: World) -> None:
    """Put the original back whole, or remove what was made; nothing happens when that is done already.

    Raises:
        HarnessError: another object bears the name now; it is left alone.
    """
    live = look(change, world)
    if change.before is None:
        if live is not None and "deletionTimestamp" not in live["metadata"]:
            _remove(change, live, world)
        return
    if live is None:
        _recreate(change, world)
    elif not _is_original(change, live, world):
        _put_back(change, live, world)
    elif _is_in_our_hand(change, live):  # an undoing died after it had put the original back
        _restore_managers(change, world)


def is_undone(change: Change, world: World) -> bool:
    """Whether the original stands there again, or what was made is gone."""
    live = look(change, world)
    if change.before is None:
        return live is None
    return live is not None and _is_original(change, live, world)


def look(change: Change, world: World) -> KubeObject | None:
    """The object as it stands; None when there is none."""
    return get_if_there(world.cluster, change.path)


def _is_original(change: Change, live: KubeObject, world: World) -> bool:
    assert change.before is not None
    scaled = _is_scaled(change, world)
    return own(live, scaled=scaled) == own(change.before, scaled=scaled)


def _put_back(change: Change, live: KubeObject, world: World) -> None:
    """Replace by the original; its UID is in it, so a namesake is refused by the API server."""
    assert change.before is not None
    original = _without(change.before, "resourceVersion", "managedFields")
    if _is_scaled(change, world):
        original["spec"] = {**original["spec"], "replicas": live["spec"]["replicas"]}
    try:
        world.cluster.request("PUT", change.path, body=original, query={"fieldManager": MANAGER})
    except ApiError as error:
        if error.status != 422 or "metadata.resourceVersion" not in str(error):
            raise
        # some kinds (PodDisruptionBudget) are replaced only by whoever names the version that he saw; naming it for
        # all would be a conflict with each status of a workload
        meta = {**original["metadata"], "resourceVersion": live["metadata"]["resourceVersion"]}
        body = {**original, "metadata": meta}
        world.cluster.request("PUT", change.path, body=body, query={"fieldManager": MANAGER})
    _restore_managers(change, world)


def _recreate(change: Change, world: World) -> None:
    assert change.before is not None
    original = _without(change.before, *BORN_WITH)
    original.pop("status", None)
    world.cluster.request("POST", change.folder, body=original, query={"fieldManager": MANAGER})
    _restore_managers(change, world)


def _is_in_our_hand(change: Change, live: KubeObject) -> bool:
    """Whether we still manage fields of an object, which others managed when we came."""
    before, now = (item["metadata"].get("managedFields") or [] for item in (change.before or live, live))
    ours = [{one["manager"] for one in managers} & {MANAGER} for managers in (before, now)]
    return bool(before) and (not now or ours[1] > ours[0])


def _restore_managers(change: Change, world: World) -> None:
    """Give the fields back to those who managed them, so that the next `up` can still take them away."""
    assert change.before is not None
    managers = change.before["metadata"].get("managedFields")
    if managers:
        body = [{"op": "replace", "path": "/metadata/managedFields", "value": managers}]
        world.cluster.request("PATCH", change.path, body=body, content_type="application/json-patch+json")


def _remove(change: Change, live: KubeObject, world: World) -> None:
    if MARK not in (live["metadata"].get("labels") or {}):
        raise HarnessError(f"{change.kind} {change.name} is not ours (it has no label {MARK}); it is left alone")
    options: dict[str, Any] = {"preconditions": {"uid": uid(live)}}
    if change.kind == "Pod":
        options["gracePeriodSeconds"] = TWIN_GRACE_S
    world.cluster.delete(change.path, options)


def _without(item: KubeObject, *fields: str) -> KubeObject:
    return {**item, "metadata": {key: value for key, value in item["metadata"].items() if key not in fields}}


def _is_scaled(change: Change, world: World) -> bool:
    """Whether an autoscaler owns the number of replicas of this object."""
    if change.kind not in WORKLOADS:
        return False
    where = (change.kind, change.namespace, change.name)
    roles = world.stack.roles.values()
    return any(role.scaling and (role.kind, role.namespace, role.workload) == where for role in roles)


def is_rolled(role: Role, world: World, sabotage: str, *, all_of_it: bool = True) -> bool:
    """Whether the role's pods bear the mark: all of them, and Ready and serving, or just one of them."""
    pods = [pod for pod in world.pods(role) if pod["metadata"]["name"] != f"sabotage-{sabotage}"]
    marked = [pod for pod in pods if mark_of(pod) == sabotage]
    if not all_of_it:
        return bool(marked)
    return len(marked) == len(pods) == world.desired(role) and bool(world.complete(role))


def mark_of(pod: KubeObject) -> str:
    """Which sabotage a pod was rolled for; empty for an ordinary one."""
    return str((pod["metadata"].get("annotations") or {}).get(MARK, ""))


def unsettled(world: World) -> list[str]:
    """The roles that are not as the stack map promises, or still have a pod of a sabotage; one line each."""
    found = []
    for role in world.stack.roles.values():
        kind = f"{role.kind.lower()}s"
        workload = next(
            (w for w in world.objects(kind, role.namespace) if w["metadata"]["name"] == role.workload), None
        )
        if any(mark_of(pod) for pod in world.pods(role)):
            found.append(f"{role.name} still has pods of the sabotage")
        elif workload is None:
            found.append(f"{role.name} has no {role.kind}")
        elif not (role_state(role, workload).is_settled and world.complete(role)):
            found.append(world.tally(role))
    return found
