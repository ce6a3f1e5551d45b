"""Modules: what they offer, where they come from, and how their functions run."""
