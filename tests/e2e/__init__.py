"""Whole commands over real packages: the same words for `stiletto` and, where it is, `dagger`."""
