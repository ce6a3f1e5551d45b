"""Keeps pytest out of the sample packages, and hypothesis to the same inputs in every run.

A run of CI judges the change before it, so it has to give the same answer twice, also on a busy
machine: an example has no time limit. Whoever looks for new inputs asks for them:
pytest --hypothesis-profile=default
"""

import os

from hypothesis import settings

# The samples' tests are input, not tests of this project.
collect_ignore = ["fixtures"]

settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

# No process of a module outlives the command, except where a test is about that.
os.environ["STILETTO_IDLE"] = "0"
