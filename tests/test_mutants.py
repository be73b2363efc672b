"""The mutation tests' own machinery: what is mutated, what an outcome hangs on, the bars and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mutants.children import Children
from mutants.making import Mutant, difference, mutants_of, named_mutant
from mutants.outcomes import Outcome, Outcomes, outcome_of, states_of_tests
from mutants.reach import stale
from mutants.reach import tests_of as reaching
from mutants.record import read_record, write_record
from mutants.scope import Group, Scope, read_scope
from mutants.swapping import FILE, loaded_functions, swap
from mutants.table import counts, interval, missed, package_of, table

ROOT = Path(__file__).resolve().parent.parent
SOURCE = '''"""A module."""

LIMIT = 3


def small(n: int, most: int = 5) -> bool:
    """Whether it is."""
    return n < LIMIT


class Thing:
    @property
    def size(self) -> int:
        if small(1):
            return 1
        return 2
'''


def mutant(name: str = "a.f.1", state: str = "s", path: str = "a.py") -> Mutant:
    return Mutant(name, path, "f", 1, 2, 2, False, "def f(): pass", state)


def test_functions_are_mutated_and_properties_too_but_not_what_runs_at_import() -> None:
    made = mutants_of("a/b.py", SOURCE)
    assert {each.function for each in made} == {"small", "Thing.size"}
    assert any(difference(each, SOURCE) == "    - return n < LIMIT\n    + return n <= LIMIT" for each in made)
    assert len({each.name for each in made}) == len(made)
    assert all(each.name.startswith("a.b.") for each in made)


def test_that_zip_is_strict_is_no_behaviour() -> None:
    source = "def f(a, b):\n    return [x + y for x, y in zip(a, b, strict=True)]\n"
    changes = [difference(each, source) for each in mutants_of("a.py", source)]
    assert changes
    assert all("strict=True)" in change.splitlines()[1] for change in changes), changes


def test_a_mutant_knows_the_lines_of_the_statement_that_it_changes() -> None:
    made = mutants_of("a.py", SOURCE)
    assert {(each.first, each.in_signature) for each in made if each.function == "small"} == {(6, True), (8, False)}
    assert {each.first for each in made if "if small" in difference(each, SOURCE)} == {14}


def test_the_state_of_a_mutant_changes_with_its_function_and_with_constants_but_not_with_other_functions() -> None:
    def state(source: str) -> str:
        return next(each.state for each in mutants_of("a.py", source) if each.function == "small")

    assert state(SOURCE.replace("return 2", "return 7")) == state(SOURCE)
    assert state(SOURCE.replace("LIMIT = 3", "LIMIT = 4")) != state(SOURCE)
    assert state(SOURCE.replace("return n < LIMIT", "return n > LIMIT")) != state(SOURCE)


def test_a_mutant_takes_the_place_of_its_function_for_all_who_hold_it_and_in_child_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mutated_module.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(FILE, "")
    import mutated_module  # type: ignore[import-not-found]

    small, thing = mutated_module.small, mutated_module.Thing()
    change = next(e for e in mutants_of("mutated_module.py", SOURCE) if "<=" in difference(e, SOURCE))
    assert not small(3)
    swap(change, tmp_path, loaded_functions(tmp_path), tmp_path / "note.json")
    assert small(3)
    assert thing.size == 1
    path = f"{tmp_path}:{ROOT / '.ci/mutants/site'}"
    answer = subprocess.run(
        [sys.executable, "-c", "import mutated_module; print(mutated_module.small(3))"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout == "True\n"


def test_defaults_are_swapped_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module_with_default.py").write_text("def f(a=1, *, b=2):\n    return a, b\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(FILE, "")
    import module_with_default  # type: ignore[import-not-found]

    for change in mutants_of("module_with_default.py", (tmp_path / "module_with_default.py").read_text()):
        if change.in_signature:
            swap(change, tmp_path, loaded_functions(tmp_path), tmp_path / "note.json")
            assert module_with_default.f() in ((2, 2), (1, 3))


def test_a_change_that_a_person_thought_of_is_a_mutant_of_its_function() -> None:
    change = named_mutant("always", "a.py", SOURCE, "return n < LIMIT", "return True")
    assert difference(change, SOURCE) == "    - return n < LIMIT\n    + return True"
    assert change.name == "review.always"
    for before in ("no such text", "return", "LIMIT = 3"):
        with pytest.raises(ValueError, match="always: "):
            named_mutant("always", "a.py", SOURCE, before, "return True")


def test_none_of_the_changes_of_the_review_may_survive() -> None:
    scope = read_scope()
    assert len({each["id"] for each in scope.named}) == len(scope.named) >= 23
    for each in scope.named:
        stands = (ROOT / each["file"]).read_text().count(each["before"])
        assert stands == 1, f"{each['id']} changes what stands {stands} times in {each['file']}"
    group = scope.group_of_mutant("review.heal-oldest-first", "chaos/heal.py")
    assert group is scope.all_groups[-1]
    assert group.killed == 1.0


A, B = ("tests/test_a.py::one", 0.1, 0.1), ("tests/test_b.py::two", 0.2, 0.2)
FILES = {"tests/test_a.py": "a1", "tests/test_b.py": "b1"}


def judged(outcomes: Outcomes, word: str, by: str = "") -> None:
    outcomes.add(outcome_of({"outcome": word, "by": by}, mutant(), [A, B], FILES))


def test_an_outcome_outlives_the_process_and_an_interruption(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.jsonl"
    judged(Outcomes(file), "killed", by=A[0])
    with file.open("a") as target:
        target.write('{"name": "torn')
    known = Outcomes(file).holding(mutant(), [A, B], FILES)
    assert known is not None
    assert known.by == A[0]


def test_a_killed_mutant_is_judged_anew_when_its_function_or_the_test_that_killed_it_changes(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path / "outcomes.jsonl")
    judged(outcomes, "killed", by=A[0])
    assert outcomes.holding(mutant(), [A, B], FILES | {"tests/test_b.py": "b2"})
    assert not outcomes.holding(mutant(), [A, B], FILES | {"tests/test_a.py": "a2"})
    assert not outcomes.holding(mutant(state="other"), [A, B], FILES)


def test_a_survivor_is_judged_anew_by_what_changed_only(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path / "outcomes.jsonl")
    judged(outcomes, "survived")
    assert outcomes.holding(mutant(), [A, B], FILES)
    changed = FILES | {"tests/test_b.py": "b2"}
    assert not outcomes.holding(mutant(), [A, B], changed)
    assert outcomes.left(mutant(), [A, B], changed) == [B]
    new = ("tests/test_new.py::three", 0.1, 0.1)
    assert outcomes.left(mutant(), [A, B, new], FILES | {"tests/test_new.py": "n"}) == [new]


def test_what_could_not_be_judged_is_never_known(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path / "outcomes.jsonl")
    judged(outcomes, "not judged")
    assert not outcomes.holding(mutant(), [A, B], FILES)


def test_a_test_file_changes_with_what_it_imports_from_beside_it(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    for name, text in {"test_a.py": "from tests.fake import x", "test_b.py": "", "fake.py": "import other",
                       "other.py": "1"}.items():  # fmt: skip
        (tmp_path / "tests" / name).write_text(text)
    before = states_of_tests(tmp_path)
    (tmp_path / "tests/other.py").write_text("2")
    after = states_of_tests(tmp_path)
    assert before["tests/test_a.py"] != after["tests/test_a.py"]
    assert before["tests/test_b.py"] == after["tests/test_b.py"]


def test_a_test_changes_with_its_own_text_and_its_surroundings_but_not_with_a_neighbour(tmp_path: Path) -> None:
    file = tmp_path / "tests/test_a.py"
    file.parent.mkdir()

    def states(text: str) -> tuple[str, str]:
        file.write_text(text)
        found = states_of_tests(tmp_path)
        return found["tests/test_a.py::test_one"], found["tests/test_a.py"]

    text = "LIMIT = 1\ndef test_one():\n    assert LIMIT\n"
    one, whole = states(text)
    neighbour = states(text + "def test_two():\n    assert not LIMIT\n")
    assert neighbour[0] == one
    assert neighbour[1] != whole
    assert states(text.replace("= 1", "= 2"))[0] != one
    assert states(text.replace("assert LIMIT", "assert LIMIT > 0"))[0] != one


def test_a_killed_mutant_hangs_on_the_test_that_killed_it_and_not_on_its_neighbours() -> None:
    files = FILES | {"tests/test_a.py::one": "o1"}
    killed = outcome_of({"outcome": "killed", "by": "tests/test_a.py::one[5]"}, mutant(), [A, B], files)
    assert killed.files == {"tests/test_a.py::one": "o1"}


def test_the_record_of_the_project_tells_another_machine_all_that_is_known(tmp_path: Path) -> None:
    made = [mutant(f"a.f.{n}", f"s{n}") for n in range(1, 7)] + [mutant("review.thing", "r"), mutant("a.g.1", "g")]
    kinds = [("killed", A[0]), ("survived", ""), ("time", ""), ("killed", ""), ("not judged", ""), ("killed", B[0])]
    found = [
        outcome_of({"outcome": word, "by": by}, each, [A, B], FILES)
        for each, (word, by) in zip(made, [*kinds, ("killed", A[0])], strict=False)
    ]
    known = {each.name: each for each in found}
    file = tmp_path / "record.json"
    assert write_record(file, made, lambda each: known.get(each.name)) == 6
    want = [each for each in found if each.outcome != "not judged"]
    assert [(each.name, each.state, each.outcome, each.files) for each in read_record(file, made)] == [
        (each.name, each.state, each.outcome, each.files) for each in want
    ]
    outcomes = Outcomes(tmp_path / "outcomes.jsonl", read_record(file, made))
    assert outcomes.holding(made[0], [A, B], FILES)
    assert not outcomes.holding(made[0], [A, B], FILES | {"tests/test_a.py": "a2"})
    changed = [mutant("a.f.1", "other"), *made[1:]]
    assert [each.name for each in read_record(file, changed)] == ["review.thing"]
    assert list(read_record(tmp_path / "none.json", made)) == []


REACH = {
    "tests": [["slow", 5.0, 6.0], ["quick", 0.1, 0.2], ["red", 0.1, 0.2]],
    "failing": ["red"],
    "modules": {"a.py": {"f": {"state": "same", "at": {"1": [0, 1, 2], "2": [0]}}}},
}


def test_only_tests_that_reach_the_statement_are_run_fastest_first_and_none_that_fails_anyway() -> None:
    one = Mutant("a.f.1", "a.py", "f", 10, 11, 11, False, "", "s")
    two = Mutant("a.f.2", "a.py", "f", 10, 12, 12, False, "", "s")
    assert reaching(one, "same", [REACH]) == [("quick", 0.1, 0.2), ("slow", 5.0, 6.0)]
    assert reaching(two, "same", [REACH]) == [("slow", 5.0, 6.0)]


def test_of_a_function_that_changed_since_all_its_tests_are_run() -> None:
    two = Mutant("a.f.2", "a.py", "f", 10, 12, 12, False, "", "s")
    assert reaching(two, "changed", [REACH]) == [("quick", 0.1, 0.2), ("slow", 5.0, 6.0)]


def test_a_reach_is_stale_when_its_module_has_a_new_function() -> None:
    assert not stale(REACH, {"a.py": {"f"}, "b.py": {"g"}})
    assert stale(REACH, {"a.py": {"f", "g"}})


SCOPE = Scope((Group("first", 0.95, ("a.py",)), Group("rest", 0.5, ("*.py",))), {"left.py": "a picture"})


def test_a_module_belongs_to_the_first_group_that_names_it_unless_it_is_left_out() -> None:
    groups = [SCOPE.group_of(path) for path in ("a.py", "b.py", "left.py", "c.txt")]
    assert [group and group.name for group in groups] == ["first", "rest", None, None]


def test_every_module_that_is_left_out_exists_and_has_a_reason() -> None:
    scope = read_scope()
    assert all(list(ROOT.glob(pattern.replace("*/", "**/", 1))) and why for pattern, why in scope.left_out.items())
    for path in ("reports/verdict.py", "fixtures/ledger.py", "chaos/engine.py"):
        assert scope.group_of(path) is scope.groups[0]
    assert all(group.killed >= 0.92 for group in scope.groups)
    judges = [path for path in scope.modules() if path.startswith("reports/checkers/kafka/check/")]
    assert {scope.group_of(path).killed for path in judges} == {0.98}  # type: ignore[union-attr]


def outcome(name: str, word: str, files: dict[str, str] | None = None) -> Outcome:
    return Outcome(name, "s", word, "", {"t": "1"} if files is None else files)


@pytest.mark.parametrize(
    ("words", "below"),
    [(["killed"] * 19 + ["survived"], False), (["killed"] * 18 + ["survived"] * 2, True), (["time"] * 20, False)],
)
def test_a_group_is_below_its_bar_when_too_few_are_killed(words: list[str], below: bool) -> None:
    made = [mutant(f"a.f.{n}") for n in range(20)]
    known = {each.name: outcome(each.name, word) for each, word in zip(made, words, strict=True)}
    assert missed(SCOPE.groups[0], counts(made, known)) is below


def test_a_group_of_which_nothing_was_judged_misses_its_bar() -> None:
    assert missed(SCOPE.groups[0], counts([mutant()], {"a.f.1": None}))


def test_the_table_counts_what_no_test_reaches_and_what_was_not_judged() -> None:
    made = [mutant(f"a.f.{n}") for n in range(4)]
    known = {"a.f.0": outcome("a.f.0", "killed"), "a.f.1": outcome("a.f.1", "survived"),
             "a.f.2": outcome("a.f.2", "survived", {}), "a.f.3": None}  # fmt: skip
    assert "| **first** (bar 95%) | 4 | 3 | 1 | 0 | 2 | 1 | 33.3% |" in table(made, known, SCOPE)


def test_rows_are_packages_and_single_modules() -> None:
    assert package_of("reports/run.py") == "reports/run.py"
    assert package_of("chaos/faults/pods.py") == "chaos/faults"
    assert package_of("reports/checkers/kafka/a/b.py") == "reports/checkers/kafka"


def test_a_sample_says_how_sure_it_is() -> None:
    low, high = interval(92, 100)
    assert low == pytest.approx(0.850, abs=0.001)
    assert high == pytest.approx(0.959, abs=0.001)
    assert interval(0, 0) == (0.0, 1.0)


def test_a_child_that_loops_waits_or_dies_is_told_apart_and_leaves_nothing(tmp_path: Path) -> None:
    def loop(folder: Path) -> None:
        while True:
            pass

    def wait(folder: Path) -> None:
        subprocess.run(["sleep", "987654"], check=False)

    def die(folder: Path) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    tasks = [("loops", 0.0, 600.0, loop), ("waits", 9.0, 1.0, wait), ("dies", 9.0, 600.0, die),
             ("answers", 9.0, 600.0, lambda folder: {"folder": folder.is_dir()})]  # fmt: skip
    ended = {each.tag: each for each in Children(4, tmp_path).run(iter(tasks))}
    assert {tag for tag, each in ended.items() if each.by_cpu} == {"loops"}
    assert {tag for tag, each in ended.items() if each.by_clock} == {"waits"}
    assert ended["dies"].answer is None
    assert ended["answers"].answer == {"folder": True}
    assert not list(tmp_path.iterdir())
    until = time.monotonic() + 10
    while b"987654" in subprocess.run(["ps", "-eo", "args"], capture_output=True, check=True).stdout:
        assert time.monotonic() < until, "the child's own child still runs"


@pytest.fixture
def judged_checkout(tmp_path: Path) -> Path:
    """A tiny project with the machinery, one module and one test that notices half."""
    project = tmp_path / "project"
    (project / "reports").mkdir(parents=True)
    (project / "tests").mkdir()
    (project / ".ci").mkdir()
    subprocess.run(["cp", "-r", str(ROOT / ".ci/mutants"), str(project / ".ci/mutants")], check=True)
    (project / ".ci/mutants/named.toml").unlink()
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmarkers = ["live: no"]\n[[tool.mutants.group]]\nname = "all"\nkilled = 0.9\n'
        'modules = ["reports/*.py"]\n[tool.mutants.left_out]\n"*/__init__.py" = "nothing in it"\n'
    )
    (project / "reports/__init__.py").write_text("")
    (project / "reports/small.py").write_text("def small(n):\n    return n < 3\n")
    (project / "tests/test_small.py").write_text(
        "from reports.small import small\n\ndef test_small():\n    assert small(1)\n"
    )
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    return project


def run_mutants(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ".ci/mutants", "--children", "2", *words],
        cwd=project, capture_output=True, text=True, check=False,
        env=os.environ | {"CRUCIBLE_HOME": str(project.parent / "home"), "MUTANTS_DIR": str(project.parent / "copy"),
                          "PYTHONPATH": str(project)},
    )  # fmt: skip


def test_a_whole_run_below_its_bar_exits_1_and_shows_the_survivors_then_0_when_a_test_notices(
    judged_checkout: Path,
) -> None:
    first = run_mutants(judged_checkout)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "+ return n <= 3" in first.stdout
    assert "all: below its bar of 90%" in first.stdout
    again = run_mutants(judged_checkout)
    assert "2 mutants, 0 of them to judge" in again.stdout
    assert again.returncode == 1
    with (judged_checkout / "tests/test_small.py").open("a") as more:
        more.write("    assert not small(3)\n")
    better = run_mutants(judged_checkout)
    assert better.returncode == 0, better.stdout + better.stderr
    assert "| **all** (bar 90%) | 2 | 2 | 2 |" in better.stdout
    kept = [json.loads(line) for line in (judged_checkout.parent / "home/cache/mutants/outcomes.jsonl").open()]
    assert {each["by"] for each in kept if each["outcome"] == "killed"} == {"tests/test_small.py::test_small"}


def test_a_run_on_another_machine_goes_on_from_the_record(judged_checkout: Path) -> None:
    run_mutants(judged_checkout)
    (judged_checkout / "docs/reference").mkdir(parents=True)
    assert "of 2 mutants" in run_mutants(judged_checkout, "--record").stdout
    (judged_checkout.parent / "home").rename(judged_checkout.parent / "home-of-another")
    assert "2 mutants, 0 of them to judge" in run_mutants(judged_checkout).stdout


def test_a_name_that_nothing_has_is_said(judged_checkout: Path) -> None:
    answer = run_mutants(judged_checkout, "reports.nothing")
    assert answer.returncode == 2
    assert "no mutant's name contains reports.nothing" in answer.stdout


def test_figures_without_judging_are_not_green(judged_checkout: Path) -> None:
    answer = run_mutants(judged_checkout, "--report")
    assert answer.returncode == 1
    assert "2 mutants were not judged" in answer.stdout
