"""Modules: their types, their sources, and how their functions run."""
