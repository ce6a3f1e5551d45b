"""Decides, from what the index, git and GitHub show, what a release does next (pure)."""
