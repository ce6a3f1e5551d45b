"""Programs that run inside containers: the standard library alone, Python 3.8 and later."""
