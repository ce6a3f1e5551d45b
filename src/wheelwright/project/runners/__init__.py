"""Reads how a project's runners (tox, nox, hatch, PDM) test, type-check and lint it (pure)."""
