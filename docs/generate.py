"""Pages of the reference that are generated: `python -m docs.generate` writes them, a self-test compares them."""

from __future__ import annotations

from pathlib import Path

import click

from fixtures.settings import PREFIX, ROOT, Settings
from fixtures.stack.map import load_stack_map

FOLDER = ROOT / "docs" / "reference"


def settings_page() -> str:
    """All settings: variable, default, meaning."""
    rows = [
        "# Settings",
        "",
        "Environment variables; the same for `crucible`, `pytest`, `chaos run` and `locust -f`.",
        "An unknown `CRUCIBLE_` variable is refused.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = str(field.default).replace(str(Path.home()), "~") if field.default not in (None, "") else ""
        rows.append(f"| `{PREFIX}{name.upper()}` | {f'`{default}`' if default else '—'} | {field.description} |")
    return "\n".join(rows) + "\n"


def roles_page() -> str:
    """All roles of the stack map: workload, replicas, recovery budget, promised edges."""
    rows = ["# Roles", "", "The stack map (`fixtures/stack/stack.yaml`); suites speak of these names.", "",
            "`about`: an estimate, which no suite claims, for the reason given.", "",
            "| role | workload | replicas | recovers within | promised edges |", "|---|---|---|---|---|"]  # fmt: skip
    for role in load_stack_map().roles.values():
        count = f"{role.scaling.min} to {role.scaling.max}" if role.scaling else str(role.replicas)
        edges = ", ".join(f"`{edge.path}` → {edge.status}" for edge in role.edges.values()) or "—"
        figure = f"{role.recovery_s:g} s"
        within = f"about {figure}: {role.unpromised}" if role.unpromised else figure
        rows.append(f"| {role.name} | {role.kind} `{role.workload}` | {count} | {within} | {edges} |")
    return "\n".join(rows) + "\n"


def commands_page() -> str:
    """Each verb of `crucible` with its help."""
    from cli import crucible  # the one that knows all verbs; only this page needs it

    rows = ["# Commands", "", "What `crucible VERB --help` says."]

    def add(command: click.Command, context: click.Context) -> None:
        command._help_option = None  # click keeps that of whoever asked first, in another context perhaps
        rows.extend(["", f"## `{context.command_path}`", "", "```", command.get_help(context), "```"])
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                add(child, click.Context(child, info_name=name, parent=context, terminal_width=110))

    add(crucible, click.Context(crucible, info_name="crucible", terminal_width=110, **crucible.context_settings))
    return "\n".join(rows) + "\n"


PAGES = {"settings.md": settings_page, "roles.md": roles_page, "commands.md": commands_page}


if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page())
