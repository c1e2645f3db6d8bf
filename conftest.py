"""Names the dojo's pytest plugin, so that the judge is there even where only pytest is run."""

pytest_plugins = ["dojo.plugin"]
