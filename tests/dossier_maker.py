"""Hand-made dossiers: a story of what happened, told event by event, and written as the evidence a run leaves."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reports import dossier as dossiers
from reports.claim import Claim
from reports.judging import judge_test
from reports.layout import REQUEST_HEADER
from reports.run import Run
from reports.stack_state import diff

START_NS = 5_000_000_000_000
UNIX_NS = 1_795_000_000_000_000_000


class Story:
    """Gathers what happened and writes it; times in seconds since the start of the run.

    Example::

        story = Story(tmp_path)
        story.pod("gateway-a", "uid-a", "gateway", t=0.1)
        story.fault("f1", t=10, victim=("gateway-a", "uid-a"))
        story.write()
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        clocks = {"monotonic_ns": START_NS, "unix_ns": UNIX_NS}
        self.event("harness", "run.started", "run", 0.0, **clocks)

    def event(
        self, source: str, kind: str, subject: str, t: float, *, uid: str | None = None, err: float = 0.0, **data: Any
    ) -> None:
        line = {"t": t, "err": err, "source": source, "kind": kind, "subject": subject, "data": data}
        self.lines.append(line | ({"uid": uid} if uid else {}))

    def watch(self, kind: str, name: str, t: float, uid: str, role: str, node: str = "worker", **data: Any) -> None:
        self.event("watch", kind, f"acd/pod/{name}", t, uid=uid, role=role, node=node, **data)

    def pod(self, name: str, uid: str, role: str, *, t: float, node: str = "worker", starts_s: float = 0.0) -> None:
        """A pod that is there at the first look, or comes up in `starts_s` seconds."""
        if not starts_s:
            for kind in ("pod.added", "pod.scheduled", "pod.ready"):
                self.watch(kind, name, t, uid, role, node, initial=True)
            self._endpoint("added", name, t, uid, role)
            return
        self.watch("pod.added", name, t, uid, role, "")
        self.watch("pod.scheduled", name, t + starts_s * 0.02, uid, role, node)
        self.watch("pod.ready", name, t + starts_s, uid, role, node)
        self._endpoint("added", name, t + starts_s, uid, role)

    def _endpoint(self, what: str, name: str, t: float, uid: str, role: str) -> None:
        self.event("watch", f"endpoint.{what}", f"acd/service/{role}", t, uid=uid, pod=name, role=role)

    def gone(self, name: str, uid: str, role: str, t: float, node: str = "worker") -> None:
        """A pod that is killed and deleted."""
        self.watch("pod.terminating", name, t, uid, role, node)
        self.watch("pod.not_ready", name, t + 0.1, uid, role, node)
        self._endpoint("removed", name, t + 0.15, uid, role)
        self.watch("pod.deleted", name, t + 0.9, uid, role, node)

    def replicas(self, role: str, t: float, spec: int, ready: int) -> None:
        self.event("watch", "workload.replicas", f"acd/deployment/{role}", t, role=role, spec=spec, ready=ready)

    def hpa(
        self, role: str, t: float, current: int, desired: int, cpu: int | None, low: int = 2, high: int = 5
    ) -> None:
        self.event("watch", "hpa.replicas", f"acd/hpa/{role}", t, role=role, current=current, desired=desired,
                   min=low, max=high, cpu_percent=cpu)  # fmt: skip

    def fault(
        self,
        fault_id: str,
        *,
        t: float,
        victim: tuple[str, str],
        kind: str = "Pod",
        experiment: str = "gateway-pod-kill-1",
        effective: float | None = 0.2,
        healed: float | None = 8.0,
        fault: str = "KillPod role=gateway count=1",
    ) -> None:
        """A fault injected at `t`, effective and healed so many seconds later, or never."""
        victims = [{"kind": kind, "namespace": "acd" if kind == "Pod" else "", "name": victim[0], "uid": victim[1]}]
        steps = [("planned", -0.02, None), ("injecting", 0.0, None), ("injected", min(0.1, effective or 0.1) / 2, None),
                 ("effective", effective, {"uid gone": victim[1]}), ("healing", healed and healed - 0.1, None),
                 ("healed", healed, {"ready": "2 of 2"})]  # fmt: skip
        for name, after, evidence in steps:
            if after is not None:
                extra = {"evidence": evidence} if evidence else {}
                self.event("fault", f"fault.{name}", experiment, t + after, fault_id=fault_id, fault=fault,
                           victims=victims, **extra)  # fmt: skip

    def journal(self, experiment: str, **changes: Any) -> None:
        """The journal of an experiment that went well, with the faults told until now, but for `changes`."""
        folder = self.folder / "experiments" / experiment
        folder.mkdir(parents=True, exist_ok=True)
        names, run = [], []
        for line in self.lines:
            told = {"t": line["t"], **line["data"]}
            if line["kind"] in {"fault.effective", "fault.healed"} and line["subject"] == experiment:
                names.append(f"{line['kind']}-of-{told['fault_id']}")
                span = {"start": _clock(2 * len(run)), "end": _clock(2 * len(run) + 2), "duration": 2.0}
                run.append({"activity": {"name": names[-1]}, "status": "succeeded", **span,
                            "output": told if line["kind"] == "fault.effective" else [told]})  # fmt: skip
        looks = [_look(1.05 * n) for n in range(-1, 2 * len(run) + 1)]  # one before and one after
        planned = {"method": [{"name": name} for name in names], "rollbacks": [],
                   "steady-state-hypothesis": {"probes": [{"name": "gateway-answers"}]}}  # fmt: skip
        journal = {
            "experiment": planned, "status": "completed", "deviated": False, "run": run, "rollbacks": [],
            "steady_states": {"before": looks[0], "after": looks[-1], "during": looks[1:-1]}, "strict": True,
        } | changes  # fmt: skip
        (folder / "journal.json").write_text(json.dumps(journal, indent=1))

    def load(
        self, name: str, *, start: float, seconds: float, rate: float = 20.0, seed: int = 1,
        bad: tuple[tuple[float, float], ...] = (),
    ) -> None:  # fmt: skip
        """A load whose requests fail with a 502 between the times of each pair in `bad`."""
        chance = random.Random(seed)
        rows, ok, planned = [], 0, int(seconds * rate)
        for slot in range(planned):
            at = start + (slot + 0.5) / rate
            took = 0.004 + chance.expovariate(1 / 0.006)
            failed = any(first <= at < last for first, last in bad)
            took += 0.4 * failed
            times = [START_NS + int(s * 1e9) for s in (at, at + 0.0004, at + took)]
            answer = "502,150,status 502" if failed else "302,512,"
            rows.append((times[-1], ",".join(map(str, times)) + f",{slot % 8},GET /live,{answer}"))
            ok += not failed
        folder = self.folder / "load"
        folder.mkdir(parents=True, exist_ok=True)
        ended = [row for _, row in sorted(rows)]  # in the order in which a load writes them
        (folder / f"requests-{name}.csv").write_text("\n".join([REQUEST_HEADER, *ended]) + "\n")
        plan = {"load": name, "users": 8, "rate_per_s": rate, "start_ns": START_NS + int(start * 1e9),
                "duration_s": seconds, "planned": planned, "seed": seed}  # fmt: skip
        (folder / f"{name}.plan.json").write_text(json.dumps(plan))
        self.event("load", "load.started", name, start, planned=planned)
        self.event("load", "load.steady", name, start + 2, planned=planned)
        self.event("load", "load.finished", name, start + seconds, planned=planned, sent=planned, ok=ok)

    def write(self) -> Path:
        """Write the timeline in the order in which processes on one clock write: what is dated to the middle of an
        uncertain time is known at its end. A test whose end alone was told began when the one before it ended."""
        self.folder.mkdir(parents=True, exist_ok=True)
        began = {line["subject"] for line in self.lines if line["kind"] == "test.started"}
        last = 0.0
        for line in sorted(self.lines, key=lambda line: line["t"]):
            if line["kind"] == "test.finished" and line["subject"] not in began:
                self.event("harness", "test.started", line["subject"], last)
            last = line["t"] if line["kind"] == "test.finished" else last
        lines = sorted(self.lines, key=lambda line: line["t"] + line["err"])
        (self.folder / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return self.folder


def _clock(second: float) -> str:
    """A time as Chaos Toolkit writes it."""
    return datetime.fromtimestamp(UNIX_NS / 1e9 + second, UTC).isoformat()


def _look(second: float) -> dict[str, Any]:
    """A look of a twentieth of a second at the hypothesis, which finds it kept."""
    probe = {"activity": {"name": "gateway-answers"}, "status": "succeeded", "tolerance_met": True,
             "start": _clock(second), "end": _clock(second + 0.05), "duration": 0.05}  # fmt: skip
    return {"steady_state_met": True, "probes": [probe]}


def small_look(**labels: str) -> dict[str, Any]:
    """A look at a stack of one node with these labels, whole in itself."""
    look: dict[str, Any] = {name: {} for name in ("workloads", "objects", "containers", "inside", "endpoints")}
    look |= {"version": 3, "sabotage": "", "topics": {}, "groups": {}, "kafka": ""}
    look |= {name: [] for name in ("behind", "of_runs", "ledger", "not_ready")}
    node = {"ready": True, "unschedulable": False, "taints": [], "annotations": {}, "labels": labels}
    return look | {"nodes": {"worker": node | {"finalizers": [], "owners": [], "leaving": False}}}


def looks(folder: Path, test: str, *, node_label: str = "", told: str | None = None) -> Path:
    """Two looks at a small stack, the later one with a label more on its node where that is wanted."""
    before, after = small_look(), small_look(**({"new": node_label} if node_label else {}))
    state = folder / "state" / test
    state.mkdir(parents=True, exist_ok=True)
    (state / "before.json").write_text(json.dumps(before))
    (state / "after.json").write_text(json.dumps(after))
    (state / "diff.txt").write_text("".join(f"{line}\n" for line in diff(before, after)) if told is None else told)
    return folder


class Log:
    """Selection Input as three witnesses tell it while `operators` wrote; change any of them before `write`.

    Example::

        log = Log(folder, 50)
        log.journal.insert(8, log.journal[7])  # applied twice
        log.write()
    """

    def __init__(self, folder: Path, count: int, *, start: float = 5.0, every_s: float = 0.1) -> None:
        self.folder = folder / "kafka"
        self.begin, self.end = 0, count
        self.writes, self.topic, self.journal = [], [], []
        for n in range(count):
            sent = START_NS + int((start + n * every_s) * 1e9)
            self.writes.append({"id": f"w{n}", "path": f"/s/{n}", "start_ns": sent, "end_ns": sent + 20_000_000,
                                "outcome": "ok", "status": 201, "offset": n})  # fmt: skip
            self.topic.append({"partition": 0, "offset": n, "key": None, "value": {"id": f"w{n}"}, "timestamp": n})
            self.journal.append({"offset": n, "id": f"w{n}", "op": "merge", "path": f"/s/{n}", "at_ns": sent})

    def begin_at(self, offset: int) -> None:
        """Make all of it stand `offset` further on in a log in which earlier runs had written."""
        for row in (*self.writes, *self.topic, *self.journal):
            row["offset"] += offset
        self.begin, self.end = offset, self.end + offset

    def write(self, *, ends: dict[str, int] | None = None) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        journal = [{"seq": seq, **row} for seq, row in enumerate(self.journal)]
        journal.append({"begin": 0, "end": len(self.journal)})
        if not (self.folder.parent / "timeline.jsonl").exists():
            Story(self.folder.parent).write()
        end = {"begin": {"0": self.begin}, "end": ends or {"0": self.end}}
        for name, rows in (("writes", self.writes), ("topic", [*self.topic, end]), ("journal", journal)):
            (self.folder / f"{name}-operators.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self._write_requests()
        return self.folder.parent

    def _write_requests(self) -> None:
        """The row that each write left beside its line."""
        rows = [REQUEST_HEADER]
        for write in sorted(self.writes, key=lambda write: write.get("end_ns", 0)):
            start, end, status = (write.get(key) or 0 for key in ("start_ns", "end_ns", "status"))
            error = "" if 200 <= status < 400 else f"status {status}"
            rows.append(f"{start},{start},{max(start, end)},0,POST selection_input,{status},9,{error}")
        file = self.folder.parent / "load" / "requests-operators.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(rows) + "\n")


GATEWAY = "suites/recovery/test_gateway_pod_kill.py::test_losing_a_gateway_pod_keeps_viewers_served"
SCALES = "suites/autoscaling/test_manager_scales.py::test_the_manager_scales_with_load_and_back"
ORDER = "suites/ordering/test_selection_input_order.py::test_selection_input_keeps_every_write_in_order"
NIGHT = "suites/recovery/test_az_loss.py::test_losing_a_zone"


def tell(folder: Path, *, lost_write: bool = True) -> tuple[Path, Run]:
    """A whole small run: a gateway pod kill, the Manager scaling up and down, and an order test that lost a write."""
    story = Story(folder)
    for n, role in enumerate(("gateway", "manager", "director")):
        for letter in "ab":
            story.pod(f"{role}-{letter}", f"uid-{role}-{letter}", role, t=0.2, node=f"worker{n or ''}")
        story.replicas(role, 0.21, 2, 2)
    for name in ("control-plane", "worker", "worker1", "worker2"):
        story.event("watch", "node.ready", f"node/{name}", 0.1, initial=True)
    story.event("harness", "test.started", GATEWAY, 1.0)
    story.load("viewers", start=2, seconds=40, bad=((15.0, 16.1),))
    story.fault("gateway-pod-kill-1-ab12", t=15.0, victim=("gateway-a", "uid-gateway-a"))
    story.journal("gateway-pod-kill-1")
    story.gone("gateway-a", "uid-gateway-a", "gateway", 15.05)
    story.replicas("gateway", 15.2, 2, 1)
    story.pod("gateway-c", "uid-gateway-c", "gateway", t=15.3, node="worker2", starts_s=6.2)
    story.replicas("gateway", 21.6, 2, 2)
    story.event("harness", "test.finished", GATEWAY, 44.0)
    _scaling(story)
    story.event("harness", "test.started", ORDER, 201.0)
    story.event("harness", "test.finished", ORDER, 230.0)
    log = Log(folder, 200, start=202)
    if lost_write:
        del log.topic[73], log.journal[73]
        for n, row in enumerate(log.topic):
            row["offset"] = log.journal[n]["offset"] = n
        for row in log.writes[74:]:
            row["offset"] -= 1
        log.end -= 1
    log.write()
    looks(folder, "gateway")
    story.write()
    return folder, _run(folder)


def _scaling(story: Story) -> None:
    story.event("harness", "test.started", SCALES, 45.0)
    story.hpa("manager", 0.3, 2, 2, 8)
    story.load("manager_load", start=46, seconds=60, rate=40, seed=2)
    for t, current, desired, cpu in ((60, 2, 2, 71), (75, 2, 4, 131), (90, 4, 4, 66), (120, 4, 4, 9), (150, 4, 2, 6)):
        story.hpa("manager", t, current, desired, cpu)
    story.replicas("manager", 75.1, 4, 2)
    for letter, t in (("c", 75.2), ("d", 75.25)):
        story.pod(f"manager-{letter}", f"uid-manager-{letter}", "manager", t=t, starts_s=9)
    story.replicas("manager", 84.3, 4, 4)
    story.replicas("manager", 150.1, 2, 4)
    for letter in "cd":
        story.gone(f"manager-{letter}", f"uid-manager-{letter}", "manager", 150.3)
    story.replicas("manager", 151.0, 2, 2)
    story.event("harness", "test.finished", SCALES, 200.0)


def _run(folder: Path) -> Run:
    stack = {"gateway": "crucible/gateway:1f2e3d", "manager": "crucible/apps:aa01bb", "kafka": "crucible/kafka:77ee12"}
    run = Run(
        run_id=folder.name, seed=81, profile="quick", started=datetime.fromtimestamp(UNIX_NS / 1e9, UTC),
        cluster="crucible", stack=stack, planned=[GATEWAY, SCALES, ORDER, NIGHT],
    )  # fmt: skip
    fault = "gateway-pod-kill-1-ab12"
    told: list[tuple[str, str, float, list[Claim]]] = [
        (GATEWAY, "Losing one of two gateway pods keeps at least 80 % of viewers served in every 5 s.", 43.0, [
            Claim("certificate.proven", {"fault_id": fault}),
            Claim("certificate.experiment_completed", {"experiment": "gateway-pod-kill-1"}),
            Claim("progress.during_fault", {"load": "viewers", "fault_id": fault, "at_least": 20}),
            Claim("availability.in_windows", {"load": "viewers", "at_least": 0.75, "window_s": 5, "fault_id": fault}),
            Claim("recovery.within", {"fault_id": fault, "role": "gateway", "budget_s": 30, "load": "viewers"}),
            Claim("conformance.as_it_was", {"test": "gateway"}),
        ]),
        (SCALES, "Load takes the Manager above its floor and not past its ceiling; idle brings it back.", 155.0, [
            Claim("autoscaling.scaled_up", {"role": "manager", "load": "manager_load", "within_s": 75, "floor": 2,
                                            "ceiling": 5, "target_percent": 70}),
            Claim("autoscaling.scaled_down", {"role": "manager", "load": "manager_load", "floor": 2,
                                              "stabilisation_s": 30, "reaction_s": 75}),
        ]),
        (ORDER, "No acknowledged write is lost, applied twice or out of order.", 29.0, [
            Claim("ordering.no_acknowledged_write_lost", {"load": "operators", "min_acked": 100}),
            Claim("ordering.applied_once_in_order", {"load": "operators"}),
            Claim("ordering.journal_agrees_with_topic", {"load": "operators"}),
        ]),
    ]  # fmt: skip
    for test, promise, seconds, claims in told:
        run.record(judge_test(folder, test=test, promise=promise, claims=claims, seconds=seconds))
    skipped = "needs three zones; run with --zones 3"
    run.record(judge_test(folder, test=NIGHT, promise="Losing a zone is survived.", claims=[], skipped=skipped))
    run.finished = datetime.fromtimestamp(UNIX_NS / 1e9 + 231, UTC)
    dossiers.save(folder, run)
    return run
