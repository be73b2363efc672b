"""The timeline of a run as one picture: load, errors, latency, pods, nodes and autoscaler over one common time axis.

Drawn as SVG that goes into the report as it is: text stays text, colours follow the page, and the same dossier gives
the same bytes. matplotlib is imported when a picture is drawn, not before.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reports import certificates
from reports.lanes import Lane, node_lanes, pod_lanes
from reports.requests import RequestsError, read_requests
from reports.timeline import Timeline

INK = "#010203"  # stands for the page's own text colour; replaced by currentColor
GRID = "#88888844"
FAULT = "#d1242f"
COLOURS = ("#0969da", "#bf5700", "#1b7c83", "#8250df", "#6e7781")
STATES = {"ready": "#2da44e", "not ready": "#d4a72c", "terminating": "#8c959f"}
LANE_IN = 0.105
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "crucible", "svg.fonttype": "none", "text.parse_math": False, "font.size": 8,
    "font.family": "sans-serif", "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GRID,
    "xtick.color": INK, "ytick.color": INK, "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.5,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "legend.fontsize": 7,
}  # fmt: skip


@dataclass(frozen=True)
class Series:
    """Requests of one load in bins of equal length; `p50` and `p99` in milliseconds, NaN where nothing was answered."""

    load: str
    t: Any
    sent: Any
    bad: Any
    p50: Any
    p99: Any


def timeline_svg(dossier: Path, timeline: Timeline) -> str:
    """The picture, as an `<svg>` element."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    loads = _loads(dossier, timeline)
    panels: list[tuple[float, Any]] = []
    if tests := timeline.query("test.started"):
        panels.append((0.2, lambda axes: _tests(axes, timeline, [event.subject for event in tests])))
    if loads:
        panels += [(1.15, lambda axes: _rate(axes, loads)), (1.15, lambda axes: _latency(axes, loads))]
    for lanes, name in ((pod_lanes(timeline), "pods"), (node_lanes(timeline), "nodes")):
        if lanes:
            panels.append((0.3 + LANE_IN * len(lanes), lambda axes, lanes=lanes, name=name: _lanes(axes, lanes, name)))
    if timeline.query("hpa.replicas"):
        panels.append((1.0, lambda axes: _autoscaler(axes, timeline)))
    if not panels:
        return ""
    heights = [height for height, _ in panels]
    with mpl.rc_context(STYLE):
        height = sum(heights) + 0.22 * len(panels) + 0.95
        figure = Figure(figsize=(11, height))
        room = {"left": 0.125, "right": 0.995, "bottom": 0.4 / height, "top": 1 - 0.55 / height}
        room["hspace"] = 0.22 * len(panels) / sum(heights)
        ratios = {"height_ratios": heights}
        grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw=ratios | room)
        for axes, (_, draw) in zip(grid[:, 0], panels, strict=True):
            draw(axes)
            _faults(axes, timeline, label=axes is grid[0, 0])
        grid[-1, 0].set_xlabel("seconds since the start of the run")
        begin, span = _shown(timeline)
        grid[-1, 0].set_xlim(begin - 0.01 * span, begin + span)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    svg = re.sub(r"[\x00-\x08\x0b-\x1f]", "", svg[svg.index("<svg") :]).replace(INK, "currentColor")
    head, rest = svg.split(">", 1)
    return re.sub(r' (width|height)="[^"]*"', "", head) + ">" + rest


def _shown(timeline: Timeline) -> tuple[float, float]:
    """Where the picture begins and how many seconds it shows: nothing is seen while the stack is stood up."""
    begin = next((event.t for event in timeline.events if event.kind != "run.started"), 0.0)
    return begin, max(1.0, timeline.end - begin)


def _loads(dossier: Path, timeline: Timeline) -> list[Series]:
    """The loads whose rows can be read; a load whose cannot is the checkers' business, not the picture's."""
    found = []
    for plan in sorted((dossier / "load").glob("*.plan.json")):
        try:
            found.append(_series(dossier, plan.name.removesuffix(".plan.json"), timeline))
        except RequestsError:
            continue
    return found


def _series(dossier: Path, load: str, timeline: Timeline) -> Series:
    requests = read_requests(dossier, load, timeline)
    width = max(1.0, (requests.end_s - requests.start_s) / 240)
    edges = np.arange(requests.start_s, max(requests.end_s, requests.start_s + width) + 1e-6, width)  # whole bins only
    at = np.digitize(requests.planned_s, edges) - 1
    bins = range(len(edges) - 1)
    good = (requests.error == "") & requests.sent
    waited = [1000 * requests.latency_s[good & (at == i)] for i in bins]

    def percentile(share: float) -> Any:
        return np.array([np.percentile(some, share) if len(some) else np.nan for some in waited])

    sent = np.array([(requests.sent & (at == i)).sum() for i in bins]) / width
    bad = np.array([(~good & (at == i)).sum() for i in bins]) / width
    return Series(load, edges[:-1] + width / 2, sent, bad, percentile(50), percentile(99))


def _tests(axes: Any, timeline: Timeline, tests: list[str]) -> None:
    for number, test in enumerate(tests):
        start = timeline.query("test.started", subject=test)[-1].t
        ended = timeline.query("test.finished", subject=test, since=start)
        end = ended[0].t if ended else timeline.end  # a picture shows also what no verdict may rest on
        axes.broken_barh([(start, end - start)], (0, 1), facecolors=COLOURS[number % 2], alpha=0.25, linewidth=0)
        name = test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        room = int((end - start) / _shown(timeline)[1] * 190)  # letters that fit into the bar
        shown = name if len(name) <= room else name[: max(0, room - 1)] + "…" * (room > 4)
        axes.text(start, 0.45, f" {shown}", fontsize=6, va="center", clip_on=True)
    axes.set_yticks([])
    axes.set_ylabel("tests", rotation=0, ha="right", va="center")
    axes.grid(visible=False)


def _above(axes: Any) -> None:
    """The legend on top of its panel, where it hides nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=6, borderaxespad=0)


def _by_kind(loads: list[Series]) -> list[tuple[Series, str, str | None]]:
    """Each load with its colour and, for the first of its kind, its label: `viewers-2` is one of the viewers."""
    kinds: dict[str, str] = {}
    found = []
    for series in loads:
        kind = re.sub(r"-\d+$", "", series.load)
        label = None if kind in kinds else kind
        found.append((series, kinds.setdefault(kind, COLOURS[len(kinds) % len(COLOURS)]), label))
    return found


def _rate(axes: Any, loads: list[Series]) -> None:
    for series, colour, label in _by_kind(loads):
        axes.plot(series.t, series.sent, color=colour, linewidth=1, label=label)
        axes.fill_between(series.t, series.bad, color=FAULT, alpha=0.75, linewidth=0, step="mid")
    axes.fill_between([], [], color=FAULT, alpha=0.75, linewidth=0, label="without a good answer")
    axes.set_ylabel("requests/s")
    axes.set_ylim(bottom=0)
    _above(axes)


def _latency(axes: Any, loads: list[Series]) -> None:
    from matplotlib.ticker import LogLocator

    for name, style in (("p50", "-"), ("p99", (0, (2, 1)))):
        axes.plot([], [], color=GRID[:7], linewidth=1, linestyle=style, label=name)
        for series, colour, _ in _by_kind(loads):
            axes.plot(series.t, getattr(series, name), color=colour, linewidth=0.9, linestyle=style)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("ms from\nplanned start")
    _above(axes)


def _lanes(axes: Any, lanes: list[Lane], name: str) -> None:
    for row, lane in enumerate(lanes):
        for state, colour in STATES.items():
            spans = [(start, end - start) for start, end, is_in in lane.spans if is_in == state]
            axes.broken_barh(spans, (row - 0.36, 0.72), facecolors=colour, linewidth=0)
    labels = [lane.label if len(lane.label) < 24 else f"{lane.label[:22]}…" for lane in lanes]
    axes.set_yticks(range(len(lanes)), labels, fontsize=6)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_ylabel(name)
    axes.grid(visible=False)
    if name == "pods":
        for state, colour in STATES.items():
            axes.barh([0], [0], color=colour, label=state)
        _above(axes)


def _autoscaler(axes: Any, timeline: Timeline) -> None:
    roles = sorted({event.role or "?" for event in timeline.query("hpa.replicas")})
    for colour, role in zip(COLOURS * 9, roles, strict=False):
        events = timeline.query("hpa.replicas", role=role)
        t = [event.t for event in events] + [timeline.end]
        for name, style in (("desired", "-"), ("current", ":")):
            values = [event.data.get(name) for event in events]
            figures = [np.nan if value is None else value for value in values]
            axes.step(t, [*figures, figures[-1]], where="post", color=colour, linestyle=style, label=f"{role} {name}")
        for bound in ("min", "max"):
            if (value := events[-1].data.get(bound)) is not None:
                axes.axhline(value, color=colour, linewidth=0.6, alpha=0.5)
    axes.set_ylabel("autoscaler\nreplicas")
    axes.set_ylim(bottom=0)
    _above(axes)


def _faults(axes: Any, timeline: Timeline, *, label: bool) -> None:
    named: set[str] = set()
    for certificate in certificates.certificates(timeline):
        if (span := certificate.span()) is None:
            continue
        begun, end = span[0], min(span[1], timeline.end)
        axes.axvspan(begun, end, color=FAULT, alpha=0.13, linewidth=0, zorder=0)
        axes.axvline(begun, color=FAULT, linewidth=0.7)
        if label and certificate.experiment not in named:
            named.add(certificate.experiment)
            axes.annotate(
                certificate.experiment, (begun, 1.02), xycoords=("data", "axes fraction"), color=FAULT, fontsize=7,
                rotation=18, va="bottom",
            )  # fmt: skip
