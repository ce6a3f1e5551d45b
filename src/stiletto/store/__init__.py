"""Layers and results on disk: content-addressed, crash-safe, pruned."""
