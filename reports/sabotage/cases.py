"""One case: a mutated copy of a good dossier, judged by the judges of `recheck`, and what each claim made of it."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reports import layout
from reports.claim import Answer, Claim, answer
from reports.dossier import load
from reports.run import Judged
from reports.sabotage.differences import TORN, Difference, difference
from reports.sabotage.looks import Looks, said, watched
from reports.sabotage.mutations import MISSING, OTHER_LOAD, OTHER_RUN, WAYS
from reports.sabotage.proofs import proof
from reports.verdict import Verdict

UNREAD, UNSEEN, SAME, ESCAPED = "not read", "not looked at", "says the same", "ESCAPED"
MOVED = "figures moved"
"""The altered record may be true, and the claim tells its figures, which are others."""


@dataclass(frozen=True)
class Outcome:
    """What a claim made of a case: a verdict that is not PASS, or why its PASS is right, or ESCAPED."""

    case: int
    way: str
    file: str
    claim: str
    outcome: str
    why: str = ""


@dataclass(frozen=True)
class Good:
    """A claim that passes on the dossier as it is, with what it read and looked at."""

    claim: Claim
    answer: Answer
    looks: Looks


@dataclass(frozen=True)
class Now:
    """The same claim on the spoilt dossier."""

    answer: Answer
    looks: Looks


class Bench:
    """A good dossier, ready to be spoilt case by case.

    Args:
        dossier: a finished run, at least one claim of which passes.
        donor: another run, for files of another run.
    """

    def __init__(self, dossier: Path, seed: int, donor: Path | None = None) -> None:
        self.dossier, self.seed, self.donor = dossier.resolve(), seed, donor
        self.good: list[Good] = []
        self.spared: list[Judged] = []
        """What does not pass on the dossier as it is, so nobody can be fooled by it: not attacked."""
        for test in load(self.dossier).tests:
            for judged in test.claims:
                found, looks = _judge(self.dossier, judged.claim)
                if found.finding.verdict is Verdict.PASS:
                    self.good.append(Good(judged.claim, found, looks))
                else:
                    self.spared.append(Judged.of(judged.claim, found))
        self.reads = [
            files for good in self.good
            if (files := sorted(name for name in good.answer.read if (self.dossier / name).is_file()))
        ]  # fmt: skip
        """The files of each claim: what many claims rest on is spoilt more often."""
        self.files = sorted({name for files in self.reads for name in files})

    def run(self, case: int) -> list[Outcome]:
        """Spoil the dossier in the way of this case, and judge each claim that passed before."""
        file, way, new = self._spoilt(random.Random(f"{self.seed}/{case}"))
        with tempfile.TemporaryDirectory(dir=self.dossier.parent, prefix=".spoilt-") as folder:
            copy = Path(folder) / "dossier"
            shutil.copytree(self.dossier, copy, copy_function=os.link)
            (copy / file).unlink()  # the copy's own name only: the good dossier keeps its bytes
            if new is not None:
                (copy / file).write_bytes(new)
            told = difference(file, (self.dossier / file).read_bytes(), new or b"")
            return [
                Outcome(
                    case, way, file, f"{good.claim.checker}{good.claim.args}", *self._outcome(copy, good, file, told)
                )
                for good in self.good
            ]

    def _spoilt(self, rng: random.Random) -> tuple[str, str, bytes | None]:
        while True:
            file = rng.choice(rng.choice(self.reads))
            way = rng.choice([*WAYS, MISSING, OTHER_LOAD, OTHER_RUN])
            raw = (self.dossier / file).read_bytes()
            if way == MISSING:
                return file, way, None
            new = self._other(file, way, rng) if way in (OTHER_LOAD, OTHER_RUN) else WAYS[way](raw, rng)
            if new is not None and new != raw:
                return file, way, new

    def _other(self, file: str, way: str, rng: random.Random) -> bytes | None:
        if way == OTHER_RUN:
            other = self.donor / file if self.donor else None
            return other.read_bytes() if other and other.is_file() else None
        kind = Path(file).name.partition("-")[0]
        others = [name for name in self.files if name != file and Path(name).name.partition("-")[0] == kind]
        if Path(file).parent.name not in (layout.LOAD, layout.KAFKA) or not others:
            return None
        return (self.dossier / rng.choice(others)).read_bytes()

    def _outcome(self, copy: Path, good: Good, file: str, told: Difference) -> tuple[str, str]:
        folder = f"{Path(file).parent.as_posix()}/"
        if not {file, folder} & {*good.answer.read}:
            return UNREAD, ""  # a pure function of the files that it opened
        found, looks = _judge(copy, good.claim)
        if found.finding.verdict is not Verdict.PASS:
            return found.finding.verdict.value, found.finding.reason
        return self._right(copy, good, Now(found, looks), file, told)

    def _right(self, copy: Path, good: Good, now: Now, file: str, told: Difference) -> tuple[str, str]:
        """Why it is right that a claim still passes, or ESCAPED."""
        listing = set() if (copy / file).exists() else {f"{Path(file).parent.as_posix()}/"}
        if not ({file} | listing) & {*good.answer.read, *now.answer.read}:
            return UNREAD, ""
        if _same_json(self.dossier / file, copy / file):
            return SAME, ""
        if file == layout.TIMELINE:
            differing = {said(entry) for entry in told.entries if entry != TORN}
            if not (good.looks.may_see(differing) or now.looks.may_see(differing)):
                return UNSEEN, ""
        was, found = good.answer.finding, now.answer.finding
        moved = (was.measured, was.reason, was.data) != (found.measured, found.reason, found.data)
        spoilt = (copy / file).read_bytes() if (copy / file).exists() else None
        name, why = proof(self.dossier, good.claim, file, told, spoilt, lambda name, raw: _asked(copy, good, name, raw))
        if not name:
            return ESCAPED, "its figures moved" if moved else "its figures are the same"
        return (MOVED, f"{why}: {was.measured} -> {found.measured}") if moved else (name, why)


def _same_json(old: Path, new: Path) -> bool:
    """Whether both are one JSON value and the same: bytes changed, what they say did not."""
    try:
        return bool(json.loads(old.read_bytes()) == json.loads(new.read_bytes()))
    except (OSError, ValueError):
        return False


def _asked(copy: Path, good: Good, file: str, raw: bytes) -> Answer:
    """The claim's answer on the good dossier with another content of one file, in place of the spoilt copy."""
    kept = (copy / file).read_bytes() if (copy / file).exists() else None
    try:
        (copy / file).write_bytes(raw)
        return answer(copy, good.claim)
    finally:
        if kept is not None:
            (copy / file).write_bytes(kept)
        else:
            (copy / file).unlink()


def _judge(dossier: Path, claim: Claim) -> tuple[Answer, Looks]:
    with watched() as looks:
        found = answer(dossier, claim)
    return found, looks
