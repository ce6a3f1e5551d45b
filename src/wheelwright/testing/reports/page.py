"""What every page has: head, style, policy, and the small parts that they share (pure).

Everything from outside is escaped by `e`, and a content security policy in the page itself
forbids whatever an escape might miss. A page loads nothing and runs no script; its links lead to
files beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape as e
from importlib.resources import files
from urllib.parse import quote

from wheelwright.container.harmless import without_escapes
from wheelwright.identity import tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, body: Iterable[str], at: str) -> str:
    """Return a whole page; `at` is the ISO time that its footer has."""
    css = files("wheelwright.testing.reports").joinpath("page.css").read_text(encoding="utf-8")
    made = " ".join(filter(None, ("Wheelwright", tag())))
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<meta http-equiv="Content-Security-Policy" content="{e(POLICY)}">',
        f"<title>{e(title)}</title>",
        f"<style>\n{css}</style>",
        "</head>",
        "<body>",
        "<main>",
        *body,
        f"<footer>Made by {e(made)}, {time(at)}.</footer>",
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)


def link(path: str, text: str, kind: str = "", part: str = "") -> str:
    """Return a link to a file beside the page, or to a part of one."""
    named = f' class="{kind}"' if kind else ""
    at = f"#{quote(part)}" if part else ""
    return f'<a{named} href="{e(quote(path) + at)}">{e(text)}</a>'


def facts(rows: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Yield a list of names and values; a value is HTML."""
    yield '<dl class="facts">'
    for name, value in rows:
        yield f"<dt>{e(name)}</dt><dd>{value}</dd>"
    yield "</dl>"


def figures(found: Iterable[tuple[str, str, bool]]) -> Iterable[str]:
    """Yield large numbers: figure, what it counts, and whether it is a reason to fail."""
    yield '<ul class="figures">'
    for figure, label, alarm in found:
        named = ' class="text-failed"' if alarm else ""
        yield f"<li><b{named}>{e(figure)}</b><span>{e(label)}</span></li>"
    yield "</ul>"


def text(value: str) -> str:
    """Return text of a test or a tool as HTML: colours of a terminal are left out."""
    return e(without_escapes(value))


def fill(part: float, kind: str = "") -> str:
    """Return the part of a bar that is filled, from 0 to 1."""
    named = f' class="{kind}"' if kind else ""
    return f'<i{named} style="width:{min(max(part, 0.0), 1.0) * 100:.2f}%"></i>'


def duration(seconds: float) -> str:
    """Return seconds as people say them."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def time(at: str) -> str:
    """Return an ISO time as an element that people and programs read."""
    at = without_escapes(at)
    shown = at.replace("T", " ").replace("+00:00", " UTC")
    return f'<time datetime="{e(at)}">{e(shown)}</time>'
