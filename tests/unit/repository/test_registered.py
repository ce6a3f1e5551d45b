"""How much the module registers: Dagger reads all of it at every call, whatever is called.

An empty module answers in 3 s there, and each argument adds about 10 ms.
"""

from __future__ import annotations

from .registered import MODULE

ARGUMENTS = 340
"""Of all functions; 205 of them belong to the functions about releases."""


def test_no_argument_is_added_unseen() -> None:
    """Whoever adds one changes the number here, and knows what it costs each call."""
    functions = [each for kind in MODULE.objects.values() for each in kind.functions.values()]
    assert ARGUMENTS == sum(len(each.args) for each in functions)
