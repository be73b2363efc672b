"""`crucible history`: check, generate and import Kafka histories; it needs no cluster."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import click

from reports.checkers.kafka.check.files import check_files
from reports.checkers.kafka.check.result import Result
from reports.checkers.kafka.guarantees import Guarantees
from reports.checkers.kafka.operation import CLASSES, BadHistory

Files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


class Refused(click.ClickException):
    """Input that is no history: exit code 2."""

    exit_code = 2


@click.group()
def history() -> None:
    """Judge what Kafka clients did: was anything lost, repeated or out of order?"""


@history.command()
@Files
@click.option("--guarantees", default="", help="acks=all,idempotence=true,isolation=read_committed,consumer=assign,…")
@click.option("--topic", type=click.Path(path_type=Path), help="A full dump of the topic: tells lost from late.")
@click.option("--topic-name", default=None, help="The topic of the dump, when its rows do not say it.")
@click.option("--pictures", type=click.Path(path_type=Path), help="A folder for SVG pictures of what was found.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
def check(
    files: tuple[Path, ...], guarantees: str, topic: Path | None, topic_name: str | None, pictures: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Judge the history in FILE... (one run; JSON lines, Parquet or Arrow).

    Exit code 0: PASS; 1: FAIL; 3: INCONCLUSIVE; 2: the files are no history.
    """
    try:
        result = check_files(files, Guarantees.parse(guarantees), topic=topic, topic_name=topic_name)
    except BadHistory as error:
        raise Refused(str(error)) from None
    click.echo(json.dumps(result.to_json(), indent=1) if as_json else readable(result))
    if pictures:
        for picture in result.write_pictures(pictures):
            click.echo(f"picture: {picture}", err=True)
    sys.exit(result.exit_code)


@history.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--records", default=10_000, show_default=True, help="About how many records are sent.")
@click.option("--plant", type=click.Choice(CLASSES), help="Plant one anomaly of this class.")
@click.option("--seed", default=None, type=int, help="The same seed writes the same history.")
@click.option("--transactions/--no-transactions", default=True, show_default=True)
@click.option("--subscribe", is_flag=True, help="Consumers subscribe, and rebalances move them.")
def generate(
    file: Path, records: int, plant: str | None, seed: int | None, transactions: bool, subscribe: bool
) -> None:
    """Write a correct history to FILE (or one with a single anomaly), to try the checker on."""
    from reports.checkers.kafka.generation.generator import Plan, generate_events
    from reports.checkers.kafka.generation.planting import plant_anomaly

    seed = random.randrange(1 << 32) if seed is None else seed
    plan = Plan(records=records, transactions=transactions, subscribe=subscribe)
    events = generate_events(plan, random.Random(seed))
    if plant:
        events = plant_anomaly(events, plant, random.Random(seed + 1))
    write_events(file, events)
    click.echo(f"{file}: {len(events):,} events, seed {seed}" + (f", one {plant} planted" if plant else ""))


@history.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--from", "origin", type=click.Choice(["jepsen-edn", "kafkatest"]), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write; standard output by default.")
def import_(source: Path, origin: str, output: Path | None) -> None:
    """Turn another tool's log into a history of JSON lines."""
    from reports.checkers.kafka.formats.importing import import_file

    try:
        events = import_file(source, origin)
        if output:
            write_events(output, events)
            click.echo(f"{output}: {len(events):,} events")
        else:
            for event in events:
                click.echo(json.dumps(event))
    except BadHistory as error:
        raise Refused(str(error)) from None


def write_events(file: Path, events: list[dict[str, object]]) -> None:
    """Write events as JSON lines."""
    try:
        with file.open("w") as out:
            out.writelines(json.dumps(event) + "\n" for event in events)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}") from None


def readable(result: Result) -> str:
    """The answer as a person reads it, the verdict first."""
    lines = [f"{result.verdict}: {result.reason}"]
    for name, count in result.seen.items():
        word = "BAD" if name in result.bad else "permitted" if name != "unseen" else "not proven"
        lines.append(f"\n{name}: {count:,} ({word})")
        lines += [f"  {case.text} [operations {', '.join(map(str, case.ops))}]" for case in result.witnesses[name][:3]]
        if count > 3:
            lines.append(f"  … and {count - 3:,} more")
    if result.unproven:
        lines.append("\nnot proven:")
        for key, gap in list(result.unproven.items())[:8]:
            shown = ", ".join(map(str, gap.offsets[:8].tolist())) + (", …" if len(gap.offsets) > 8 else "")
            whole = "" if gap.whole else "; no one process read all of it"
            unknown = f"; {gap.unlocated:,} at offsets nobody knows" if gap.unlocated else ""
            lines.append(f"  {key}: {len(gap.offsets):,} offsets unread{': ' + shown if shown else ''}{unknown}{whole}")
    c, m = result.counts, result.measures
    lines.append(
        f"\n{c['operations']:,} operations by {c['processes']:,} processes; {c['acknowledged']:,} records "
        f"acknowledged, {c['polled']:,} polled, {c['keys']:,} keys"
    )
    for name in ("time_to_seen", "realtime_lag"):
        if m[name]:
            quantiles = ", ".join(f"{q} {m[name][f'{q}_s']:g} s" for q in ("p50", "p99", "worst"))
            lines.append(f"{name.replace('_', ' ')}: {quantiles}")
    again = sum(count for times, count in m["consumed_times"].items() if int(times) > 1)
    lines += [f"reprocessed while subscribed: {again:,} records"] if again else []
    if result.lost is not None:
        lines.append(
            "unread records, by the dump of the topic: "
            + ", ".join(f"{n:,} {k}" for k, n in result.lost["counts"].items())
        )
    return "\n".join([*lines, *(f"note: {note}" for note in result.notes)])
