"""The page of all sabotages: score, matrix, and a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment

from chaos.sabotages.sabotage import Sabotage
from suites.sabotage.matrix import OUTCOME, matrix
from suites.sabotage.results import Results, summary

PAGE, PICTURE = "sabotage.html", "sabotage.svg"
BAR_S = 90.0
TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sabotages: {{ summary.caught }} of {{ total }} caught</title>
<style>
:root{color-scheme:light dark}
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:90em;padding:0 1em}
table{border-collapse:collapse}
td,th{padding:.25em .7em;text-align:left;vertical-align:top;border-bottom:1px solid #8884}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.dot{display:inline-block;width:.7em;height:.7em;border-radius:50%}
.over{font-weight:bold}
</style></head><body>
<h1>{{ summary.caught }} of {{ total }} sabotages caught by the promise that they are made for</h1>
<p>{{ summary.planted }} planted as they are now, {{ summary.proven }} proven by promises kept before and after
{%- for word, n in summary.outcomes.items() %}, {{ n }} {{ word }}{% endfor %}.
Longest time beyond the promises' own: {{ summary.longest_beyond_s }} s (bar {{ bar }} s).</p>
{{ picture }}
<table><tr><th>sabotage<th>outcome<th>why it matters<th>what was found<th>plant s<th>promises s<th>undo s
<th>beyond s</tr>
{% for entry, result in rows %}<tr><td>{{ entry.id }}<br><small>{{ entry.family }}</small>
{% if result and not result.is_of(entry) %}<td>stale: of an earlier version, {{ result.outcome }}
<br><small>{{ result.at.strftime('%Y-%m-%d %H:%M') }}, seed {{ result.seed }}</small>
<td>{{ entry.why }}<td><td><td><td><td>
{% elif result %}<td><span class="dot" style="background:{{ colours[result.outcome] }}"></span>
{% if result.dossier %}<a href="{{ result.dossier }}/report.html">{{ result.outcome }}</a>
{% else %}{{ result.outcome }}{% endif %}
<br><small>{{ result.at.strftime('%Y-%m-%d %H:%M') }}, seed {{ result.seed }}</small>
<td>{{ entry.why }}<td>{{ result.reason }}
<td class="n">{{ result.seconds.plant }}
<td class="n">{{ result.seconds.promises }}<td class="n">{{ result.seconds.undo }}
<td class="n{% if result.seconds.beyond > bar %} over{% endif %}">{{ '%.1f' % result.seconds.beyond }}
{% else %}<td>never ran<td>{{ entry.why }}<td><td><td><td><td>{% endif %}</tr>
{% endfor %}</table></body></html>
"""


def write_page(entries: Sequence[Sabotage], results: Results) -> Path:
    """Write page and picture beside sabotage.json; returns the page."""
    newest = results.newest(entries)
    picture = matrix(entries, newest)
    results.folder.mkdir(parents=True, exist_ok=True)
    (results.folder / PICTURE).write_text(picture)
    text = Environment(autoescape=True).from_string(TEMPLATE).render(
        summary=summary(results.current(entries)), total=len(entries),
        picture=_Safe(picture), rows=[(entry, newest.get(entry.id)) for entry in entries], colours=OUTCOME, bar=BAR_S,
    )  # fmt: skip
    page = results.folder / PAGE
    page.write_text(text)
    return page


class _Safe(str):
    """Markup of our own making."""

    def __html__(self) -> str:
        return self
