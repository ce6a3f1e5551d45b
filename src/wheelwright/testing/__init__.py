"""Tests: what they need, one run of them, and its result."""
