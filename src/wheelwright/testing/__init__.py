"""Tests: their dependencies, one run of them, and its result."""
