"""Programs that run inside containers: the standard library alone, Python 3.8 and later.

The plugins import what they extend, too: `wheelwright_reporter` pytest, `toxfile` tox.
"""
