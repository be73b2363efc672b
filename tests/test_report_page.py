"""The report: says the verdict first, is one file, is the same twice, and believes nobody's texts."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from dossier_maker import ORDER, Story, tell

from reports import layout
from reports.failure import FailureEvidence
from reports.html import write_report
from reports.lanes import node_lanes, pod_lanes
from reports.run import Judged, Run, TestRecord
from reports.sabotages_of_run import Sabotages
from reports.timeline import read
from reports.verdict import Verdict
from reports.words import figure_of, shows

VOID = {"meta", "br", "link", "hr", "img", "input"}
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>$\\frac{1}{0}$ \x00'


class Page(HTMLParser):
    """Checks that tags nest, and gathers links, ids and all tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        assert not [name for name in values if name.startswith("on")]
        self.links += [values[name] or "" for name in ("href", "src", "xlink:href") if name in values]
        self.ids.add(values.get("id") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run, str]:
    folder, run = tell(tmp_path_factory.mktemp("out") / "20261121-034500-ab12")
    return folder, run, write_report(folder, run).read_text()


def test_the_first_words_are_the_verdict_and_why(told: tuple[Path, Run, str]) -> None:
    words = " ".join(" ".join(Page(told[2]).texts).split())
    first = words[words.index("Crucible · run") :][:400]
    for expected in ("FAIL", "1 acknowledged but lost: w73", "No acknowledged write is lost", "81", "quick"):
        assert expected in first


def test_the_first_screen_has_each_figure_beside_its_budget_failures_first(told: tuple[Path, Run, str]) -> None:
    before = told[2][: told[2].index("<h2>")]
    words = " ".join(" ".join(Page(before + "</body></html>").texts).split())
    assert words.index("1 of 200 lost") < words.index("needs three zones") < words.index("78.00 %")
    for expected in ("1 of 200 lost none lost", "6.4 to 6.5 s ≤ 30 s", "44.1 s 30 to 105 s after the load"):
        assert expected in words, expected
    assert "<svg" not in before


def test_evidence_is_named_by_what_it_shows(told: tuple[Path, Run, str]) -> None:
    before = told[2][: told[2].index("<h2>")]
    assert 'title="load/requests-viewers.csv">requests of viewers</a>' in before
    assert "load/requests-viewers.csv<" not in before
    assert shows("kafka/topic-operators.jsonl") == "records in the topic"
    assert shows("timeline.jsonl#x") == "events of the run"
    assert shows("failures/a/logs/gateway-7.previous.log") == "log of gateway-7, the container before"
    assert shows("something/else.bin") == "something/else.bin"
    assert figure_of("recovery.within") == "whole again after"
    assert figure_of("availability.some_new_claim") == "some new claim"


@pytest.mark.parametrize("name", [name for name, made in vars(layout).items() if inspect.isfunction(made)
                                  and made.__module__ == layout.__name__ and not name.startswith("_")])  # fmt: skip
def test_every_path_of_a_dossier_has_words(name: str) -> None:
    made = getattr(layout, name)
    count = len(inspect.signature(made).parameters)
    if inspect.signature(made).return_annotation != "str" or count > 2:
        pytest.skip("no path")
    for last in ("before.json", "after.json", "diff.txt") if count == 2 else ("x",):
        path = made(*["x"] * (count - 1), last)
        assert shows(path) != path, path


def test_the_first_screen_names_the_sabotages_that_escaped_and_the_matrix_runs_nothing(tmp_path: Path) -> None:
    escaped = {"sabotage": "gateway-answers-old", "outcome": "escaped", "reason": "every promise stayed green"}
    broken = {"sabotage": "kafka-rf-1", "reason": "the cluster did not come back"}
    told = Sabotages(planned=61, planted=12, caught=11, minutes=30, not_caught=[escaped], not_judged=[broken],
                     picture="sabotage.svg")  # fmt: skip
    (tmp_path / "sabotage.svg").write_text("<svg><script>alert(1)</script></svg>")
    text = write_report(tmp_path, Run(run_id="r", sabotages=told)).read_text()
    first = " ".join(" ".join(Page(text[: text.index("<h2>")] + "</body></html>").texts).split())
    for expected in ("gateway-answers-old", "escaped: every promise stayed green", "11 of 12 planted", "kafka-rf-1"):
        assert expected in first, expected
    assert 'src="data:image/svg+xml;base64,' in text
    assert "<script" not in text
    elsewhere = told.model_copy(update={"picture": "../../etc/passwd"})
    assert "data:image" not in write_report(tmp_path, Run(run_id="r", sabotages=elsewhere)).read_text()


FOLDER = "failure/recovery-test-x-py--test-x"


def failed(tmp_path: Path, *names: str, **missing: str) -> str:
    evidence = FailureEvidence(folder=FOLDER, files=list(names), missing=missing)
    for path in evidence.paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    test = TestRecord(id="suites/recovery/test_x.py::test_x", promise="p", error="no load", failure=evidence)
    page = write_report(tmp_path, Run(run_id="r", tests=[test])).read_text()
    Page(page)
    return page


def test_what_was_gathered_of_a_failure_is_linked_on_the_first_screen(tmp_path: Path) -> None:
    names = ("before-f1/gateway-1.log", "events.txt", "gateway-2.previous.log", "worker.journal")
    page = failed(tmp_path, *names, **{"nodes.txt": "refused"})
    first = page[: page.index("<h2>")]
    for expected in (
        ">last words of gateway-1, before it was hit</a>", ">Events of Kubernetes</a>",
        ">log of gateway-2, the container before</a>", "and 1 more of the failure",
    ):  # fmt: skip
        assert expected in first, expected
    assert f'href="./{FOLDER}/before-f1/gateway-1.log"' in first
    assert ">journal of node worker</a>" in page
    assert "<code>nodes.txt</code>: refused" in page


def test_a_failure_of_which_nothing_could_be_had_says_so_on_the_first_screen(tmp_path: Path) -> None:
    page = failed(tmp_path, everything="the cluster did not answer: timed out")
    first = page[: page.index("<h2>")]
    assert "nothing could be gathered (everything: the cluster did not answer: timed out)" in first


def test_it_needs_nothing_but_itself(told: tuple[Path, Run, str]) -> None:
    folder, _, text = told
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "img"} & set(page.tags)
    assert "url(http" not in text
    assert "@import" not in text
    for link in page.links:
        assert link.startswith(("#", "./")), link
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        else:
            assert (folder / link.split("#")[0]).is_file(), link


def test_the_same_dossier_gives_the_same_bytes(told: tuple[Path, Run, str]) -> None:
    folder, run, text = told
    assert write_report(folder, run).read_text() == text


def test_every_promise_skip_certificate_and_repeat_is_there(told: tuple[Path, Run, str]) -> None:
    _, run, text = told
    shown = " ".join(Page(text).texts)
    for test in run.tests:
        assert test.promise in shown
        assert f"crucible run {test.id} --profile quick --seed 81" in shown
    for expected in ("needs three zones", "uid-gateway-a", "all Ready again", "800 of 800 planned requests sent"):
        assert expected in shown


def test_the_picture_shows_load_pods_nodes_faults_and_autoscaler(told: tuple[Path, Run, str]) -> None:
    picture = told[2][told[2].index("<svg") : told[2].index("</svg>")]
    for expected in ("requests/s", "planned start", "viewers", "p99", "pods", "nodes", "manager desired",
                     "gateway-pod-kill-1", "losing a gateway pod"):  # fmt: skip
        assert expected in picture, expected
    assert "currentColor" in picture
    assert not re.search(r'<svg[^>]* (width|height)="', picture)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_nothing_that_the_stack_says_becomes_markup(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod(EVIL, "u1", EVIL, t=1)
    story.event("watch", "node.ready", f"node/{EVIL}", 1)
    story.hpa(EVIL, 2, 2, 2, 1)
    story.fault("f1", t=3, victim=(EVIL, EVIL), experiment=EVIL, fault=EVIL)
    story.event("harness", "test.started", EVIL, 1)
    story.load("viewers", start=1, seconds=5)
    story.write()
    claim = Judged(checker=EVIL, verdict=Verdict.FAIL, reason=EVIL, measured=EVIL, budget=EVIL,
                   evidence=("javascript:alert(1)", "../../etc/passwd", "timeline.jsonl#x", EVIL))  # fmt: skip
    recovery = [{"fault_id": EVIL, "role": EVIL, "budget_s": 3, "phases": {EVIL: [0, 1]}}]
    certificate = {"fault": EVIL, "victims": [{"name": EVIL, "uid": EVIL}], "effective": {"t": 1, "evidence": EVIL}}
    test = TestRecord(id=EVIL, promise=EVIL, error=EVIL, claims=[claim], recovery=recovery, certificates=[certificate])
    run = Run(run_id=EVIL, profile=EVIL, cluster=EVIL, interrupted=EVIL, stack={EVIL: EVIL}, tests=[test])
    (tmp_path / "a <b>&.txt").write_text("")
    page = Page(write_report(tmp_path, run).read_text())
    assert not {"script", "img"} & set(page.tags)
    assert {link for link in page.links if not link.startswith("#")} >= {"./timeline.jsonl#x", "./a%20%3Cb%3E%26.txt"}
    assert all(link.startswith(("#", "./")) and ".." not in link for link in page.links)


def test_a_run_without_a_timeline_still_has_a_report_that_says_so(tmp_path: Path) -> None:
    text = write_report(tmp_path, Run(run_id="r")).read_text()
    shown = " ".join(Page(text).texts)
    for expected in ("INCONCLUSIVE", "timeline.jsonl is missing", "it never finished", "No test left a record"):
        assert expected in shown


def test_a_torn_timeline_is_said(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("a", "u", "gateway", t=1)
    path = story.write() / "timeline.jsonl"
    path.write_text(path.read_text() + '{"t": 3')
    run = Run(run_id="r", finished=datetime(2026, 1, 1, tzinfo=UTC))
    assert "was cut off" in write_report(tmp_path, run).read_text()


def test_never_back_is_shown_without_a_ready_bar(tmp_path: Path) -> None:
    entry = {"fault_id": "f", "role": "gateway", "earliest_s": None, "latest_s": None, "budget_s": 30, "phases": {}}
    run = Run(run_id="r", tests=[TestRecord(id="t", promise="p", recovery=[entry])])
    shown = " ".join(Page(write_report(tmp_path, run).read_text()).texts)
    assert "budget" in shown
    assert "all Ready again" not in shown


def test_lanes_follow_a_pod_through_its_life_and_are_used_again(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.pod("a", "u1", "gateway", t=1)
    story.watch("pod.not_ready", "a", 5, "u1", "gateway")
    story.watch("pod.terminating", "a", 6, "u1", "gateway")
    story.watch("pod.deleted", "a", 7, "u1", "gateway")
    story.pod("b", "u2", "gateway", t=8)
    story.pod("c", "u3", "gateway", t=8)
    story.event("watch", "node.ready", "node/w", 1)
    story.event("watch", "node.not_ready", "node/w", 4)
    story.event("harness", "run.finished", "run", 10)
    seen = read(story.write())
    lanes = pod_lanes(seen)
    assert [lane.label for lane in lanes] == ["gateway", ""]
    assert lanes[0].spans == [(1, 5, "ready"), (5, 6, "not ready"), (6, 7, "terminating"), (8, 10, "ready")]
    assert node_lanes(seen)[0].spans == [(1, 4, "ready"), (4, 10, "not ready")]


def test_the_order_test_is_the_one_on_top(told: tuple[Path, Run, str]) -> None:
    text = told[2]
    articles = re.findall(r'<article id="([^"]+)"', text)
    assert articles[0].startswith("ordering")
    assert ORDER in text
