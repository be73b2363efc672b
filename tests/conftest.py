"""Settings of the self-tests."""

from hypothesis import settings

# a property does not become false because the machine was busy: its deadline is the whole run's
settings.register_profile("crucible", deadline=None)
settings.load_profile("crucible")
