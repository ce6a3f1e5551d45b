"""Reads Python files without running them (pure)."""
