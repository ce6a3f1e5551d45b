"""Measures Wheelwright beside a loop over uv, tox and nox: `uv run python -m tests.benchmarks`.

Never part of the tests: a figure depends on the machine. CI only runs
`tests/e2e/test_benchmarks.py`: one round over a sample, without limits.

    packages.py   what is measured: sdists, pinned, and how they are prepared
    columns.py    who runs them: pytest, uv, tox, nox, stiletto
    rows.py       what each row changes, runs and must not exceed
    rounds.py     runs all columns of a row in turn
    growth.py     the same at several sizes: steps, cells, files, bytes
    filling.py    many packages in one store with a limit
    figures.py    ratios within a round, medians, quartiles: pure
    table.py      the result as Markdown and as JSON: pure
    machine.py    what it ran on
"""
