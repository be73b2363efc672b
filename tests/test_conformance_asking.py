"""How the edges are asked: often, for long enough, and not for ever where nothing answers."""

from __future__ import annotations

from collections import Counter
from itertools import count

from suites.conformance.asking import Answer, ask_each

GOOD: Answer = {"status": 200}
SILENT: Answer = {"status": 0, "error": "ReadTimeout"}


def asked(answers: dict[str, list[Answer]], *, times: int, within_s: float, each_s: float) -> list[tuple[str, Answer]]:
    told: list[tuple[str, Answer]] = []
    now = iter(count())
    sequence = {subject: iter(given) for subject, given in answers.items()}
    ask_each(
        answers, lambda subject: next(sequence[subject]), lambda *each: told.append(each),
        times=times, within_s=within_s, clock=lambda: next(now) * each_s,
    )  # fmt: skip
    return told


def test_each_is_asked_so_often_and_for_so_long() -> None:
    answers = {"a": [GOOD] * 99, "b": [GOOD] * 99}
    assert Counter(subject for subject, _ in asked(answers, times=4, within_s=0, each_s=1)) == {"a": 4, "b": 4}
    assert Counter(subject for subject, _ in asked(answers, times=1, within_s=10, each_s=1))["a"] == 10


def test_a_silent_one_is_given_up_and_its_silence_is_evidence() -> None:
    told = asked({"a": [SILENT] * 99, "b": [GOOD] * 99}, times=40, within_s=0, each_s=1)
    assert [answer for subject, answer in told if subject == "a"] == [SILENT] * 3
    assert len([subject for subject, _ in told if subject == "b"]) == 40
    assert len(asked({"a": [SILENT] * 99}, times=40, within_s=10, each_s=1)) == 3


def test_one_that_answers_now_and_then_is_asked_to_the_end() -> None:
    told = asked({"a": [SILENT, SILENT, GOOD] * 20}, times=40, within_s=0, each_s=1)
    assert len(told) == 40
