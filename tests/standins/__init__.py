"""Stand-ins for the outside world of a release, on loopback: an index, git over HTTP, GitHub.

`Outside` (outside.py) starts all of them over one clock and one log of effects; `python -m
tests.standins` does so for a person. What each answers is held by the contract tests beside it.
"""
