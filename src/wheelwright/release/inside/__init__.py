"""Programs that run inside containers: they import nothing of this package, on Python 3.8 too."""
