"""The `crucible` command: thin; every verb calls one function elsewhere.

Verbs live in groups that are registered here by import path, so that `crucible --help` does not import Kubernetes.
"""

from __future__ import annotations

import importlib
import logging
import sys
import traceback

import click

from fixtures.errors import CrucibleError, HarnessError

# verb -> module:attribute of a click command; imported only when the verb is used
VERBS = {
    "run": "suites.cli:run",
    "doctor": "fixtures.doctor.cli:doctor",
    "images": "fixtures.images.cli:images",
    "up": "fixtures.cluster.cli:up",
    "down": "fixtures.cluster.cli:down",
    "status": "fixtures.cluster.cli:status",
    "kubeconfig": "fixtures.cluster.cli:kubeconfig",
    "heal": "chaos.cli:heal",
    "sabotage": "suites.sabotage.cli:sabotage",
    "recheck": "reports.cli:recheck",
    "report": "reports.cli:report",
    "budgets": "suites.budgets:budgets",
    "history": "reports.checkers.kafka.cli:history",
    "bench": "bench.cli:bench",
}


class Verbs(click.Group):
    """Finds a verb's command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> None:
        """Run a verb; how it ends is decided here, before click makes 0 or 1 of it (an exit, a broken pipe)."""
        try:
            super().invoke(ctx)
        except click.exceptions.Exit as ended:
            sys.exit(ended.exit_code)
        except OSError as error:
            logging.debug("the machine refused", exc_info=True)
            raise HarnessError(str(error)) from error


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Show each command that is run.")
def crucible(verbose: bool) -> None:
    """Stand the stack up, break it on purpose, and say with evidence whether it kept its promises."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S",
        stream=sys.stderr,
    )  # fmt: skip
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def main() -> None:
    """Run a verb; errors for people are printed without a traceback and decide the exit code.

    What nobody foresaw keeps its traceback, and is the harness's own death: 3, as 1 says that a promise failed.
    """
    try:
        crucible.main(standalone_mode=False)
    except CrucibleError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Exception:
        traceback.print_exc()
        sys.exit(HarnessError.exit_code)


if __name__ == "__main__":
    main()
