"""Tests of what `stiletto explain` reads and answers."""
