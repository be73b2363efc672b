"""Keeps the evidence of `chaos run` together: one session per experiment, its journal in the dossier."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from typing import Any

from chaoslib.exceptions import InterruptExecution
from chaostoolkit import encoder  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError

from chaos import session
from fixtures.errors import CrucibleError
from reports.layout import LAST_WORDS

logger = logging.getLogger("chaostoolkit")
NEXT = "next: crucible status"


def before_experiment_control(context: dict[str, Any], configuration: Any = None, **_: Any) -> None:
    """Open the session: dossier, watcher, lock; a run that cannot have them does not begin."""
    if context.get("dry"):
        return
    try:
        session.begin(configuration)
    except CrucibleError as error:
        raise InterruptExecution(str(error)) from error
    except HTTPError as error:
        raise InterruptExecution(f"the API of the cluster does not answer: {error}\n  {NEXT}") from error
    except Exception as error:  # Chaos Toolkit would log it, and run the experiment without a session
        logger.debug("the session could not be opened", exc_info=True)
        words = f"the session could not be opened: {type(error).__name__}: {error}\n  {NEXT}"
        raise InterruptExecution(words) from error


def after_experiment_control(
    context: dict[str, Any], state: dict[str, Any], configuration: Any = None, **_: Any
) -> None:
    """Keep a copy of the journal in the dossier when nobody else does, and end the session."""
    if context.get("dry"):
        return
    try:
        with contextlib.suppress(CrucibleError):
            here = session.current()
            if here.alone:
                text = json.dumps(state, indent=2, ensure_ascii=False, default=encoder)
                (here.folder / "journal.json").write_text(text)
                if state.get("status") == "completed" and not state.get("deviated"):
                    shutil.rmtree(here.folder / LAST_WORDS, ignore_errors=True)  # nothing is to be explained
                logger.info(f"timeline and journal: {here.folder.parent.parent}")
    finally:
        session.close()
