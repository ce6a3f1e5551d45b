"""reStructuredText as Markdown that GitHub renders."""

import pytest

from wheelwright.release.decide.changelog import rendering


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- one\n  line\n- two\n", "- one line\n- two"),
        ("* one\n\n  * inner\n  * more\n\n* two\n", "- one\n  - inner\n  - more\n- two"),
        ("3. three\n4. four\n", "3. three\n4. four"),
        ("  * indented\n  * list\n", "- indented\n- list"),
        ("*a* **b** ``c``\n", "*a* **b** `c`"),
        ("``a`b``\n", "``a`b``"),
        ("See `the page <https://x.example/a>`_ or https://y.example.\n", None),
        ("`#12 <https://x.example/12>`__\n", "[#12](https://x.example/12)"),
        ("`bad <javascript:alert(1)>`_\n", "bad"),
        (":issue:`12` :pr:`#13` :user:`hynek` :pep:`8` :bpo:`7`\n", None),
        (":func:`~teasel.all`, :class:`teasel.A`, :py:meth:`!b`, `c`\n", None),
        (":pr:`967, 976` :issue:`1,#2`\n", "#967, #976 #1,#2"),
        (":doc:`the guide <guide/start>` :ref:`x`\n", "the guide x"),
        ("Text::\n\n  x = 1\n\n  y\n", "Text:\n\n```\nx = 1\n\ny\n```"),
        (".. code-block:: python\n\n   x = 1\n", "```python\nx = 1\n```"),
        (".. code-block:: python\n   :linenos:\n\n   x = 1\n", "```python\nx = 1\n```"),
        (".. code-block::\n   :caption: a.py\n   :emphasize-lines: 1\n\n   x\n", "```\nx\n```"),
        (".. code-block:: c++\n   :linenos:\n", ""),
        (">>> 1\n1\n", "```pycon\n>>> 1\n1\n```"),
        ("- a::\n\n      ```\n\n", "- a:\n\n  ````\n  ```\n  ````"),
        ("A\n=\n\n- a\n\nB\n-\n\n- b\n", "### A\n\n- a\n\n#### B\n\n- b"),
        (".. note:: Mind it.\n", "> **Note**\n>\n> Mind it."),
        ("term\n  What it is.\n", "- **term**\n\n  What it is."),
        (".. comment\n\n.. _label:\n\nText.\n", "Text."),
        (".. versionadded:: 1.2\n   More.\n", "*New in 1.2* More."),
        (".. tabs::\n\n   - in it\n", "- in it"),
        (".. include:: /etc/passwd\n\nText.\n", "Text."),
        (".. raw:: html\n\n   <script></script>\n\nText.\n", "Text."),
        (".. csv-table::\n   :file: /etc/passwd\n", ""),
        ("__init__ and *args\\*, a_b, [x] <y>\n", None),
        ("1\\. not a list\n", "1\\. not a list"),
        ("| a\n| b\n", "a\\\nb"),
        ("=  =\na  b\n=  =\n1  2\n=  =\n", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("", ""),
    ],
)
def test_markup_becomes_markdown(text: str, expected: str | None) -> None:
    """Lists, code, links, roles and directives become what GitHub shows for them."""
    special = {
        "See": "See [the page](https://x.example/a) or https://y.example.",
        ":iss": "#12 #13 @hynek [PEP 8](https://peps.python.org/pep-0008/) bpo-7",
        ":fun": "`all()`, `teasel.A`, `b()`, `c`",
        "__in": "\\_\\_init\\_\\_ and \\*args\\*, a_b, \\[x\\] \\<y>",
    }
    wanted = (
        special[text[:4] if text[:4] in special else text[:3]] if expected is None else expected
    )
    assert wanted == rendering.markdown(text)


def test_links_of_the_whole_file_are_known() -> None:
    """A name that is defined outside of the section leads to its address."""
    file = "1.2\n---\n\n.. _#12: https://x.example/12\n.. _`a b`: https://x.example/ab\n"
    known = rendering.targets(file)
    expected = "See [#12](https://x.example/12), [a b](https://x.example/ab), other."
    assert expected == rendering.markdown("See `#12`_, `a  b`_, other_.\n", known)


def test_text_of_a_name_between_bars_is_written_for_it() -> None:
    """What the file defines for `|name|` is shown; a name that it does not define is as it is."""
    known = rendering.targets(".. |the X| replace:: the *real* ``X``\n.. |loop| replace:: |loop|\n")
    assert "New the *real* `X`, y." == rendering.markdown("New |the x|, |y|.\n", known)
    assert "loop" == rendering.markdown("|loop|\n", known)


def test_links_without_a_name_lead_to_their_addresses_in_order() -> None:
    """The first one has the first address, wherever these are."""
    text = "- `a`__ and b__.\n\n__ https://x.example/a\n.. __: https://x.example/b\n"
    expected = "- [a](https://x.example/a) and [b](https://x.example/b)."
    assert expected == rendering.markdown(text)


def test_what_cannot_be_parsed_is_shown_as_it_is() -> None:
    """A text that docutils gives up on is one block of code."""
    deep = "".join(f"{' ' * 2 * depth}- x\n\n" for depth in range(400))
    assert rendering.markdown(deep).startswith(("- x", "```rst"))


def test_long_text_is_cut_before_it_is_parsed() -> None:
    """No more is rendered than GitHub could take."""
    made = rendering.markdown("- An entry of some length, with ``code``.\n" * 20_000)
    assert 100_000 < len(made) <= rendering.LARGEST
