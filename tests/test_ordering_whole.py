"""The whole findings about the order of Selection Input, from three witnesses that are made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.checkers import ordering
from reports.checkers.ordering import (
    acknowledged_in_real_time_order,
    applied_once_in_order,
    journal_agrees_with_topic,
    no_acknowledged_write_lost,
    produced_once,
    selection_input,
)
from reports.selection_input import Applied, Evidence, Files, Missing, Truncated, Write
from reports.verdict import Finding, Verdict

WRITES, TOPIC, JOURNAL = (f"kafka/{name}-ops.jsonl" for name in ("writes", "topic", "journal"))
Change = Callable[[list[Write], dict[int, str], list[Applied]], Any]


def write(n: int, *, at: int | None = None, outcome: str = "ok", offset: int | None = -1) -> Write:
    begun = 10 * (n if at is None else at)
    return Write(f"w{n}", outcome, begun, begun + 5, n if offset == -1 else offset, f"/s/{n}")


def evidence(change: Change | None = None, count: int = 8) -> Evidence:
    """Eight writes, each answered before the next was sent, in the log and applied in their order; then a change."""
    writes, topic = [write(n) for n in range(count)], {n: f"w{n}" for n in range(count)}
    journal = [Applied(n, f"w{n}", n + 1) for n in range(count)]
    if change:
        change(writes, topic, journal)
    return Evidence("kafka/topic-ops.jsonl", 0, count, {}, dict.fromkeys(topic, 0), Files("ops"), tuple(writes), topic,
                    tuple(journal))  # fmt: skip


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {"evidence": evidence()}

    def read(dossier: Path, load: str) -> Evidence:
        assert (dossier, load) == (Path("d"), "ops")
        if isinstance(found["evidence"], Missing):
            raise found["evidence"]
        made: Evidence = found["evidence"]
        return made

    monkeypatch.setattr(ordering, "read_evidence", read)
    return found


def judged(
    reason: str, measured: str, budget: str, files: tuple[str, ...], **bad: list[str]
) -> Finding:  # fmt: skip
    classes = {name.replace("_", " ").replace("  ", ", "): told for name, told in bad.items()}
    data = {"bad": {name: {"count": len(told), "witnesses": told[:5]} for name, told in classes.items()}}
    return Finding(Verdict.FAIL if bad else Verdict.PASS, reason, measured, budget, files, data)


KEPT, ONCE, REAL = (WRITES, TOPIC), (TOPIC,), (WRITES, TOPIC)
IN_ORDER, AGREES = (JOURNAL,), (TOPIC, JOURNAL)


def lose(*lost: int) -> Change:
    def change(writes: list[Write], topic: dict[int, str], journal: list[Applied]) -> None:
        for n in lost:
            del topic[n]

    return change


def put(n: int, name: str) -> Change:
    return lambda writes, topic, journal: topic.__setitem__(n, name)


def at(n: int, **how: Any) -> Change:
    return lambda writes, topic, journal: writes.__setitem__(n, write(n, **how))


def applied(*offsets: int, another: int = -1) -> Change:
    def change(writes: list[Write], topic: dict[int, str], journal: list[Applied]) -> None:
        journal[:] = [Applied(o, "x" if o == another else f"w{o}", line) for line, o in enumerate(offsets, 1)]

    return change


SAID_7 = [f"w{n} (answered offset {n})" for n in range(7)]


@pytest.mark.parametrize(
    ("judge", "change", "expected"),
    [
        (no_acknowledged_write_lost, None,
         judged("all 8 acknowledged writes are kept", "0 of 8 lost", "none lost", KEPT)),
        (no_acknowledged_write_lost, lose(2), judged(
            "1 acknowledged but lost: w2 (answered offset 2)", "1 of 8 lost", "none lost", KEPT,
            acknowledged_but_lost=["w2 (answered offset 2)"])),
        (no_acknowledged_write_lost, lose(*range(7)), judged(
            f"7 acknowledged but lost: {', '.join(SAID_7[:5])} …", "7 of 8 lost", "none lost", KEPT,
            acknowledged_but_lost=SAID_7)),
        (no_acknowledged_write_lost, at(2, outcome="info", offset=99),
         judged("all 7 acknowledged writes are kept", "0 of 7 lost", "none lost", KEPT)),
        (no_acknowledged_write_lost, at(2, offset=9), judged(
            "1 acknowledged but misplaced: w2 (answered offset 9, found at 2)", "0 of 8 lost", "none lost", KEPT,
            acknowledged_but_misplaced=["w2 (answered offset 9, found at 2)"])),
        (produced_once, None, judged("each of 8 writes is in the topic once", "0 produced twice", "none", ONCE)),
        (produced_once, put(5, "w2"), judged("1 produced twice: w2 at offsets [2, 5]", "1 produced twice", "none", ONCE,
                                             produced_twice=["w2 at offsets [2, 5]"])),
        (produced_once, put(5, "other"),
         judged("each of 7 writes is in the topic once", "0 produced twice", "none", ONCE)),
        (acknowledged_in_real_time_order, None,
         judged("8 writes stand in the order of their answers", "0 against real time", "none", REAL)),
        (acknowledged_in_real_time_order, at(5, at=0), judged(
            "4 against real time: " + ", ".join(
                f"w5 at 5 was acknowledged before w{n} at {n} was sent" for n in (1, 2, 3, 4)),
            "4 against real time", "none", REAL, against_real_time=[
                f"w5 at 5 was acknowledged before w{n} at {n} was sent" for n in (1, 2, 3, 4)])),
        (acknowledged_in_real_time_order, at(1, at=2),
         judged("8 writes stand in the order of their answers", "0 against real time", "none", REAL)),
        (acknowledged_in_real_time_order, lose(3),
         judged("7 writes stand in the order of their answers", "0 against real time", "none", REAL)),
        (applied_once_in_order, None,
         judged("8 records applied once and in order", "0 twice, 0 out of order", "none", IN_ORDER)),
        (applied_once_in_order, applied(0, 2, 1, 2, 3, 3), judged(
            "2 applied twice: offset 2 (w2) at line 4, offset 3 (w3) at line 6; "
            "1 applied out of order: offset 1 (w1) after 2 at line 3", "2 twice, 1 out of order", "none", IN_ORDER,
            applied_twice=["offset 2 (w2) at line 4", "offset 3 (w3) at line 6"],
            applied_out_of_order=["offset 1 (w1) after 2 at line 3"])),
        (applied_once_in_order, applied(),
         Finding(Verdict.INCONCLUSIVE, "the worker applied nothing, so its order is unknown", evidence=IN_ORDER)),
        (journal_agrees_with_topic, None,
         judged("the worker applied all 8 records, to offset 7", "0 of 8 not applied", "all applied", AGREES)),
        (journal_agrees_with_topic, applied(0, 1, 3, 4, 5), judged(
            "1 skipped: offset 2 (w2); 2 not applied: offset 6 (w6), offset 7 (w7)", "3 of 8 not applied",
            "all applied", AGREES, skipped=["offset 2 (w2)"], not_applied=["offset 6 (w6)", "offset 7 (w7)"])),
        (journal_agrees_with_topic, lambda w, t, j: (j.clear(), lose(*range(1, 8))(w, t, j)), judged(
            "1 not applied: offset 0 (w0)", "1 of 1 not applied", "all applied", AGREES,
            not_applied=["offset 0 (w0)"])),
        (journal_agrees_with_topic, applied(*range(8), another=3), judged(
            "1 applied as another: offset 3 is w3 in the topic, x in the journal", "0 of 8 not applied", "all applied",
            AGREES, applied_as_another=["offset 3 is w3 in the topic, x in the journal"])),
        (journal_agrees_with_topic, applied(*range(9)), judged(
            "1 applied, but not in the topic: offset 8 (w8) at line 9", "0 of 8 not applied", "all applied", AGREES,
            applied__but_not_in_the_topic=["offset 8 (w8) at line 9"])),
        (journal_agrees_with_topic, lambda w, t, j: (w.append(write(8, outcome="info")), j.append(Applied(8, "w8", 9))),
         judged("the worker applied all 8 records, to offset 7", "0 of 8 not applied", "all applied", AGREES)),
        (journal_agrees_with_topic, lambda w, t, j: (w.append(write(7, outcome="info")), t.pop(7)), judged(
            "1 applied, but not in the topic: offset 7 (w7) at line 8", "0 of 7 not applied", "all applied", AGREES,
            applied__but_not_in_the_topic=["offset 7 (w7) at line 8"])),
        (produced_once, lambda w, t, j: t.clear(),
         Finding(Verdict.INCONCLUSIVE, "no write of this load is in the topic", evidence=(WRITES, TOPIC))),
        (journal_agrees_with_topic, lambda w, t, j: t.clear(),
         Finding(Verdict.INCONCLUSIVE, "no write of this load is in the topic", evidence=(WRITES, TOPIC))),
    ],
)  # fmt: skip
def test_one_promise_about_the_order(
    world: dict[str, Any], judge: Callable[..., Finding], change: Change | None, expected: Finding
) -> None:
    world["evidence"] = evidence(change)
    assert judge(Path("d"), load="ops") == expected
    for missing, verdict in ((Missing(TOPIC, "is gone"), Verdict.INCONCLUSIVE), (Truncated(TOPIC, "x"), Verdict.FAIL)):
        world["evidence"] = missing
        assert judge(Path("d"), load="ops") == Finding(verdict, str(missing), evidence=(TOPIC,))


def test_too_few_writes_are_not_enough_to_say_that_none_was_lost(world: dict[str, Any]) -> None:
    kept = no_acknowledged_write_lost(Path("d"), load="ops", min_acked=8)
    assert kept.verdict is Verdict.PASS
    for count, least in ((8, 9), (0, 0)):
        world["evidence"] = evidence(count=count)
        few = no_acknowledged_write_lost(Path("d"), load="ops", min_acked=least)
        said = f"{count} writes were acknowledged; {least} are needed to tell"
        assert few == Finding(Verdict.INCONCLUSIVE, said, evidence=(WRITES,))
    world["evidence"] = evidence(lambda w, t, j: (at(2, offset=None)(w, t, j), at(5, offset=None)(w, t, j)))
    unplaced = "2 acknowledged writes name no offset, w2 first: nobody said where they stand"
    found = no_acknowledged_write_lost(Path("d"), load="ops")
    assert found == Finding(Verdict.INCONCLUSIVE, unplaced, evidence=(WRITES,))


def test_all_promises_together_and_the_worst_of_them(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    complete = Finding(Verdict.PASS, "complete")
    monkeypatch.setattr(ordering, "is_complete", lambda evidence, dossier: complete)
    monkeypatch.setattr(ordering, "is_whole", lambda evidence, dossier: Finding(Verdict.PASS, f"whole {dossier}"))
    whole = selection_input(Path("d"), load="ops", min_acked=8)
    assert whole == Finding(
        Verdict.PASS, "complete; whole d; 8 acknowledged; all 8 acknowledged writes are kept; each of 8 writes is in "
        "the topic once; 8 writes stand in the order of their answers; 8 records applied once and in order; "
        "the worker applied all 8 records, to offset 7", "0 of 8 lost", "none lost, each applied once, in order",
        (WRITES, TOPIC, JOURNAL),
    )  # fmt: skip
    few = selection_input(Path("d"), load="ops", min_acked=9)
    said = "8 acknowledged; at least 9 are needed to tell"
    assert few == Finding(Verdict.INCONCLUSIVE, said, "8 acknowledged", "at least 9", (WRITES,))
    world["evidence"] = evidence(lambda w, t, j: (lose(2)(w, t, j), j.append(Applied(7, "w7", 9))))
    lost, twice, absent = "w2 (answered offset 2)", "offset 7 (w7) at line 9", "offset 2 (w2) at line 3"
    told = {"acknowledged but lost": lost, "applied twice": twice, "applied, but not in the topic": absent}
    assert selection_input(Path("d"), load="ops") == Finding(
        Verdict.FAIL, "; ".join(f"1 {name}: {one}" for name, one in told.items()), "1 of 8 lost", "none lost",
        (WRITES, TOPIC, JOURNAL), {"bad": {name: {"count": 1, "witnesses": [one]} for name, one in told.items()}},
    )  # fmt: skip
    world["evidence"] = Missing(JOURNAL, "is gone")
    assert selection_input(Path("d"), load="ops").evidence == (JOURNAL,)
