"""Keeps pytest out of the sample packages: their tests are input, not tests of this project."""

collect_ignore = ["fixtures"]
