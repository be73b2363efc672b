"""pytest options of the main job."""

from __future__ import annotations

import pytest

from fixtures.errors import UsageError
from fixtures.settings import Profile, Settings, load_settings

settings_key = pytest.StashKey[Settings]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crucible", "Crucible: chaos and conformance of a live stack")
    group.addoption("--seed", type=int, help="decides victims, payloads and load (default: drawn, and printed)")
    group.addoption("--profile", choices=[p.value for p in Profile], help="smoke, quick, nightly or certify")


def pytest_configure(config: pytest.Config) -> None:
    try:
        settings = load_settings()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    given = {name: config.getoption(name) for name in ("seed", "profile") if config.getoption(name) is not None}
    if "profile" in given:
        given["profile"] = Profile(given["profile"])
    settings = settings.model_copy(update=given)
    if settings.sabotage:
        _refuse_unless_known(settings)
    config.stash[settings_key] = settings


def _refuse_unless_known(settings: Settings) -> None:
    """A run under a sabotage that nobody knows, or that would certify a stack with a defect in it, is not begun."""
    from chaos.sabotages.catalogue import find  # a hundred files are read only by who names one

    try:
        find(settings.sabotage)
        if settings.profile is Profile.CERTIFY:
            raise UsageError(
                f"a run under sabotage {settings.sabotage} certifies nothing", next_command="unset CRUCIBLE_SABOTAGE"
            )
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
