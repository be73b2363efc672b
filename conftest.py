"""pytest options and fixture imports, nothing else."""

pytest_plugins = ["suites.plugin.options", "suites.plugin.choosing", "suites.plugin.job", "suites.plugin.fixtures"]
