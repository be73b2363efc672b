"""Settings of the self-tests."""

import os

from hypothesis import Phase, settings

# a property does not become false because the machine was busy: its deadline is the whole run's
settings.register_profile("crucible", deadline=None)
# a mutant that is found is found: the same examples each time, and none made smaller
settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, max_examples=60, phases=[Phase.generate]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "crucible"))
