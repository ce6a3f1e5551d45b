"""Directories on disk as steps and the store leave them: what both need of the file system."""
