"""Directories on disk: what the store and the sandbox share."""
