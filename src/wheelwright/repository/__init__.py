"""Facts about the repository around a package: from its files, and from what git answers.

`look.py` reads; everything else here is pure. `workflows` plans with these facts, and whoever has
to show them to a person takes them from here as well: each has the place that it comes from.
"""
