"""Each proof that a claim rightly passes, whole: its name, its sentence, and what was asked of the claim for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reports.claim import Answer, Claim
from reports.sabotage.differences import difference
from reports.sabotage.proofs import proof
from reports.verdict import Finding, Verdict

Judge = Callable[[bytes], tuple[Verdict, str] | Verdict]
NONE = ("", "")


class Asked:
    """Answers as a claim would, and keeps what it was asked."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.files, self.contents = judge, set[str](), list[bytes]()

    def __call__(self, file: str, raw: bytes) -> Answer:
        self.files.add(file)
        self.contents.append(raw)
        found = self.judge(raw)
        verdict, reason = found if isinstance(found, tuple) else (found, "said")
        return Answer(Finding(verdict, reason), (file,))


def lines(*entries: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def proven(
    folder: Path, checker: str, file: str, good: bytes, spoilt: bytes | None, asked: Asked, **args: Any
) -> tuple[str, str]:
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(good)
    return proof(folder, Claim(checker, args), file, difference(file, good, spoilt or b""), spoilt, asked)


def always(verdict: Verdict) -> Asked:
    return Asked(lambda _: verdict)


def write(n: int, path: str, **more: Any) -> dict[str, Any]:
    return {"id": f"w{n}", "path": path, "outcome": "lost", "at": n} | more


WRITES = "kafka/writes-operators.jsonl"
THREE = [write(n, f"/s/{n}") for n in range(3)]


def test_the_same_writes_at_other_times_may_be_true_when_the_claim_turns_as_they_are_lost(tmp_path: Path) -> None:
    spoilt = lines(THREE[0], THREE[1] | {"at": 7}, THREE[2] | {"at": 8})
    turned = always(Verdict.FAIL)
    found = proven(tmp_path, "ordering.selection_input", WRITES, lines(*THREE), spoilt, turned)
    assert found == ("may be true", "the same 2 writes at times that contradict nothing; lost, they turn the claim")
    lost = [THREE[n] | {"outcome": "ok", "id": f"w{n}-lost"} for n in (1, 2)]
    assert (turned.files, turned.contents) == ({WRITES}, [lines(THREE[0], *lost)])
    assert proven(tmp_path, "x.y", WRITES, lines(*THREE), spoilt, always(Verdict.PASS)) == NONE
    for other in (lines(*THREE[:2]), lines(*THREE, THREE[0]), lines(*THREE[:2], THREE[2] | {"id": "w9"}), None):
        unasked = always(Verdict.FAIL)
        assert proven(tmp_path, "x.y", WRITES, lines(*THREE), other, unasked) == NONE
        assert unasked.contents == []


FOLDED = "folded_state.is_fold_of_log"


def test_the_same_paths_were_written_and_none_or_one_more_turns_the_claim(tmp_path: Path) -> None:
    good = lines(*THREE, write(3, "/s/0"))
    turned = always(Verdict.INCONCLUSIVE)
    spoilt = lines(*THREE[1:], write(3, "/s/0") | {"at": 99})
    found = proven(tmp_path, FOLDED, WRITES, good, spoilt, turned)
    assert found == ("says the same", "the same 3 paths were written; none of them, or one more, turns the claim")
    one = THREE[0] | {"id": "nobody's", "path": "nobody/read/it"}
    assert (turned.files, turned.contents) == ({WRITES}, [b"", json.dumps(one).encode() + b"\n" + good])
    assert proven(tmp_path, FOLDED, WRITES, good, good, always(Verdict.FAIL)) == NONE
    for other in (lines(*THREE[1:]), lines(*THREE, write(3, "/s/9")), lines(*THREE[:2], write(3, "/s/0"))):
        unasked = always(Verdict.FAIL)
        assert proven(tmp_path, FOLDED, WRITES, good, other, unasked) == NONE
        assert unasked.contents == []
    assert proven(tmp_path, FOLDED, WRITES, good, spoilt, Asked(lambda raw: _but_for(raw == b""))) == NONE
    assert proven(tmp_path, FOLDED, WRITES, good, spoilt, Asked(lambda raw: _but_for(raw != b""))) == NONE


def _but_for(passes: bool) -> Verdict:
    return Verdict.PASS if passes else Verdict.FAIL


def test_a_request_that_is_no_write_is_outside_of_a_claim_about_the_log(tmp_path: Path) -> None:
    file = "load/requests-operators.csv"
    good = b"n,name\n1,GET datastore\n2,GET datastore\n3,POST selection_input\n"
    nobody = always(Verdict.FAIL)
    found = proven(tmp_path, "ordering.selection_input", file, good, b"n,name\n3,POST selection_input\n", nobody)
    assert found == ("outside", "2 requests that are no writes of Selection Input")
    for checker, spoilt in (("availability.in_windows", b"n,name\n3,POST selection_input\n"),
                            ("ordering.selection_input", b"n,name\n1,GET datastore\n2,GET datastore\n"),
                            ("ordering.selection_input", good), ("ordering.selection_input", good + b"4,\n"),
                            ("ordering.selection_input", good + b"4\n")):  # fmt: skip
        assert proven(tmp_path, checker, file, good, spoilt, nobody) == NONE
    assert nobody.contents == []


def used(*rules: str) -> Judge:
    """A claim that uses these fields of each line, or of the one value, and refuses what is no JSON."""

    def judge(raw: bytes) -> tuple[Verdict, str]:
        if raw == b"":
            return Verdict.INVALID, "nothing there"
        found = [json.loads(line) for line in raw.splitlines()]
        return Verdict.PASS, json.dumps([[one.get(rule, "none") for rule in rules] for one in found])

    return judge


def test_a_value_of_a_json_that_no_rule_uses_gives_the_same_answer_over_its_range(tmp_path: Path) -> None:
    file, good = "load/viewers.plan.json", b'{"a": 1, "b": {"c": [1, 2]}, "d": 4, "gone": 1}'
    spoilt = json.dumps({"a": 1, "b": {"c": [1, 3]}, "d": 5, "new": 1}).encode()
    asked = Asked(used("a"))
    found = proven(tmp_path, "x.y", file, good, spoilt, asked)
    said = "no rule uses b.c.1 and 3 more: 9 values and none at all give the same answer"
    assert (found, asked.files) == (("not used", said), {file})
    values = [None, "", "other", 0, -1, 10**12, True, [], {}]
    whole = {"a": 1, "b": {"c": [1, 2]}, "d": 4, "gone": 1}
    with_new = [whole | {"new": value} for value in values]
    asked_of = [*({**whole, "b": {"c": [1, value]}} for value in [*values, None]), *({**whole, "d": v} for v in values),
                {"a": 1, "b": {"c": [1, 2]}, "gone": 1}, *({**whole, "gone": v} for v in values),
                {"a": 1, "b": {"c": [1, 2]}, "d": 4}, *with_new, whole]  # fmt: skip
    assert asked.contents[:2] == [b"", good]
    assert [json.loads(raw) for raw in asked.contents[2:]] == asked_of
    one = proven(tmp_path, "x.y", file, good, good.replace(b'"d": 4', b'"d": 5'), Asked(used("a")))
    assert one == ("not used", "no rule uses d: 9 values and none at all give the same answer")


@pytest.mark.parametrize(
    ("spoilt", "judge", "asked_anything"),
    [
        (b'{"a": 2, "b": 2}', used("a"), True),
        (b'{"b": 2}', used("a"), True),
        (b'{"a": 1, "b": 3}', lambda _: Verdict.PASS, True),
        (b'{"b": 2, "a": 1}', used("b"), False),
        (None, used(), False),
    ],
)
def test_a_value_that_a_rule_uses_or_a_claim_that_passes_on_nothing_has_no_proof(
    tmp_path: Path, spoilt: bytes | None, judge: Judge, asked_anything: bool
) -> None:
    asked = Asked(judge)
    assert proven(tmp_path, "x.y", "a.json", b'{"a": 1, "b": 2}', spoilt, asked) == NONE
    assert bool(asked.contents) is asked_anything


def test_the_shortest_path_to_what_differs_is_named_and_all_beside_it_stays(tmp_path: Path) -> None:
    whole = {"a": 1, "b": [{"c": 1, "d": [2]}, 3], "e": [1]}
    for spoilt, said in ((whole | {"b": [{"c": 9, "d": [2]}, 3]}, "b.0.c"), (whole | {"e": [1, 2]}, "e"),
                         (whole | {"e": 1}, "e"), (whole | {"b": [{"c": 1, "d": [2]}, 4], "e": {}}, "b.1 and 1 more"),
                         ({"a": 1, "b": whole["b"], "e": ["1"]}, "e.0")):  # fmt: skip
        asked = Asked(used("a"))
        found = proven(tmp_path, "x.y", "a.json", json.dumps(whole).encode(), json.dumps(spoilt).encode(), asked)
        assert found == ("not used", f"no rule uses {said}: 9 values and none at all give the same answer")
        if said == "b.0.c":
            assert json.loads(asked.contents[2]) == whole | {"b": [{"c": None, "d": [2]}, 3]}
            assert json.loads(asked.contents[-1]) == whole | {"b": [{"d": [2]}, 3]}


def test_values_of_a_file_that_is_torn_prove_nothing(tmp_path: Path) -> None:
    asked = always(Verdict.PASS)
    assert proven(tmp_path, "conformance.as_it_was", "state/a/before.json", b'{"a": 1}', b'{"a": ', asked) == NONE
