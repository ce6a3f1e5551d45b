"""Layers on disk, for the store and the sandbox: one view over them, and the marks of overlayfs."""
