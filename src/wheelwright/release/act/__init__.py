"""Performs the steps of a release: git, the index, GitHub, builds; and observes their state."""
