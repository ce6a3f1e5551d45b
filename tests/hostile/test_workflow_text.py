"""No value that reaches a workflow becomes syntax there: of YAML, of the shell, of GitHub."""

from __future__ import annotations

import functools
import itertools
import json
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.unit.wheelwright.samples import moved

from wheelwright.errors import WheelwrightError
from wheelwright.github.calls import Caller, Engine, caller
from wheelwright.github.encoding import scalar, word
from wheelwright.github.merging import Merged, merged
from wheelwright.github.options import Choices
from wheelwright.github.plan import workflows
from wheelwright.project.files import Snapshot
from wheelwright.project.model import describe

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SOURCE = "github.com/OWNER/wheelwright@v1.2"
PYPROJECT = """\
[project]
name = "quay"
version = "1.0"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
PACKAGE = describe(Snapshot({"pyproject.toml": PYPROJECT}))
CI = ".github/workflows/ci.yml"

# What ends a scalar, begins a comment, a key, a step, an expression, a command, a flag.
PIECES = [
    "a", "B9", "-", ".", "/", "@", "_", "ww", " ", "\n", "\r\n", "\t", "\x00", "\x1b", "\x85",
    "\u2028", "\ufeff", "ü", "😀", "'", '"', "\\", "#", " # ", ":", ": ", "- ", "${{ secrets.X }}",
    "${{", "}}", "$", "`id`", "$(id)", ";", "&&", "|", ">", "*", "?", "[", "{", "~", "!", "%",
    "\n      - run: id", "\n    env:\n      A: b", "@use_cache@", "@call_ci@", "--help",
]  # fmt: skip
VALUES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join) | st.text(
    st.characters(codec="utf-8"), min_size=1, max_size=12
)


@functools.lru_cache(maxsize=400)
def parsed(text: str) -> Any:
    """Read YAML 1.2."""
    return YAML(typ="safe", pure=True).load(text)


def refusal(call: Callable[[], object]) -> str:
    """Return the message with which something is refused; empty where it is not."""
    try:
        call()
    except WheelwrightError as error:
        return str(error)
    return ""


def shape(value: Any) -> Any:
    """Return keys, lengths and types, and each scalar that no value of a caller stands in."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value)


def scripts(files: Mapping[str, str]) -> list[str]:
    """Return every script of every workflow."""
    return [
        step["run"]
        for text in files.values()
        for job in parsed(text).get("jobs", {}).values()
        for step in job.get("steps", ())
        if "run" in step
    ]


def expressions(files: Mapping[str, str]) -> list[str]:
    """Return every expression that GitHub would evaluate."""
    return [found for text in files.values() for found in re.findall(r"\$\{\{.*", text)]


def planned(
    *,
    name: str = "ww",
    source: str = SOURCE,
    pin: str = COMMIT,
    package: str = "",
    module: str = "",
    prefix: str = "",
    engine: Engine = Engine.STILETTO,
    options: Choices | None = None,
) -> dict[str, str]:
    """Plan the workflows of a repository that has the module as a toolchain."""
    said = json.dumps({"toolchains": [{"name": name, "source": source, "pin": pin}]})
    who = caller(said, engine, module, package)
    of = moved(PACKAGE, prefix) if prefix else PACKAGE
    chosen = options or Choices()
    return workflows(of, who, replace(chosen, publish="tag")) | workflows(of, who, chosen)


def fields(field: str, value: str) -> dict[str, Any]:
    """Return the arguments of `planned` with a value in one field."""
    if field == "branch":
        return {"options": Choices(branch=value)}
    if field == "environment":
        return {"options": Choices(environment=value)}
    if field == "source":
        # Another name would not be taken for the module at all.
        return {"name": "wheelwright", "source": f"github.com/OWNER/wheelwright/{value}"}
    if field == "module":
        return {"module": f"github.com/OWNER/{value}@{COMMIT}"}
    return {field: value}


FIELDS = ("name", "source", "pin", "package", "module", "prefix", "branch", "environment")


@pytest.mark.parametrize("field", FIELDS)
@given(value=VALUES)
@settings(max_examples=25, deadline=None)
def test_value_adds_no_key_and_no_step(field: str, value: str) -> None:
    """Whatever stands in a field, it is refused by name, or the files have their own shape."""
    plain = planned(**fields(field, COMMIT if field == "pin" else "plain"))
    if refused := refusal(lambda: planned(**fields(field, value))):
        # Shown as a literal of Python: it adds no line to the message either.
        assert "\n" not in refused
        return
    files = planned(**fields(field, value))

    assert {path: shape(parsed(text)) for path, text in plain.items()} == {
        path: shape(parsed(text)) for path, text in files.items()
    }
    assert expressions(plain) == expressions(files)
    if field in ("branch", "environment", "prefix"):
        # These go into YAML, and never into a script.
        assert scripts(plain) == scripts(files)


def plain(value: str) -> str:
    """Return the value that leads to as many words as this one, in letters alone.

    Of an address that is one for each directory that is left when its path is put in order.
    """
    path = posixpath.normpath(value.partition("@")[0])
    names = [] if path == "." else path.split("/")
    return "/".join(f"plain{'.git' if name.endswith('.git') else ''}" for name in names)


def same(one: str, other: str) -> int:
    """Return how many letters two words begin with alike."""
    pairs = zip(one, other, strict=False)
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)))


# What bash, or YAML within a line, takes for more than a letter of a word.
MEANT = re.compile(r"[\s'\"$`;&|<>#(){}\\*?!]")


@pytest.mark.parametrize("field", ["name", "package", "module", "source"])
@given(value=VALUES)
@example(value=".")
@example(value="@")
@example(value="a/../b")
@example(value="a/b@c")
@example(value="a.git/b")
@example(value="a/b.git/")
@settings(max_examples=25, deadline=None)
def test_value_in_a_script_is_one_word(field: str, value: str) -> None:
    """Scripts with another value have the same words but for that value, and no more of them."""
    if refusal(lambda: planned(**fields(field, value))):
        return
    usual = plain(value) if field in ("module", "source") else "plain"
    before = scripts(planned(**fields(field, usual)))
    after = scripts(planned(**fields(field, value)))

    # What stands behind the @ of a source is not used: dagger.json has the commit beside it.
    assert not MEANT.search(value.partition("@")[0] if field == "source" else value)
    for old_words, new_words in zip(map(shlex.split, before), map(shlex.split, after), strict=True):
        for old, new in zip(old_words, new_words, strict=True):
            changed = new[same(old, new) : len(new) - same(old[::-1], new[::-1])]
            assert not MEANT.search(changed), (old, new)
            assert old.startswith("-") or not new.startswith("-"), (old, new)


@pytest.mark.parametrize(
    "name",
    [
        "w; touch canary #",
        "w\n      - run: touch canary",
        "w ${{ github.token }}",
        "-w",
        "w'",
        'w"',
        "w#",
        "wä",
    ],
)
def test_name_of_a_toolchain_is_refused_by_its_field(name: str) -> None:
    """A name that a shell or YAML would read on in is refused, and the field is named."""
    with pytest.raises(WheelwrightError, match=r"^dagger\.json: toolchains\[0\]\.name "):
        planned(name=name)


@pytest.mark.parametrize(
    "said",
    [
        '{"toolchains": [1]}',
        '{"toolchains": {"name": "x"}}',
        '{"toolchains": [{"name": ["x"], "source": "wheelwright"}]}',
        '{"toolchains": [{"name": "wheelwright", "source": null}]}',
        '{"toolchains": null}',
    ],
)
def test_dagger_json_of_another_shape_is_named(said: str) -> None:
    """What Dagger does not write is an error of one line that names the file, or is passed over."""
    with pytest.raises(WheelwrightError, match=r"dagger\.json"):
        caller(said, Engine.DAGGER, "", "")


@given(value=VALUES)
def test_scalar_is_read_back_or_refused(value: str) -> None:
    """What YAML is given is the same string to a reader, and holds no expression."""
    if refused := refusal(lambda: scalar("field", value)):
        assert refused.startswith("field ")
        return
    text = scalar("field", value)

    assert value == parsed(f"a: {text}\n")["a"]
    assert "${{" not in text
    assert text.isascii()


@given(value=VALUES)
def test_word_is_one_word_or_refused(value: str) -> None:
    """What a script is given is a plain scalar of YAML and a word of bash, wherever it stands."""
    if refused := refusal(lambda: word("field", value)):
        assert refused.startswith("field ")
        return
    text = word("field", value)

    assert f"x {value} y" == parsed(f"run: x {text} y\n")["run"]
    assert f"x {value}" == parsed(f"run: x {text}\n")["run"]


# -- pins that somebody put there -----------------------------------------------------------------


def poisoned() -> Merged:
    """Return the workflows over some whose first checkout was pinned by another hand."""
    planned_here = workflows(PACKAGE, Caller(own=True), Choices())
    written = dict(merged(planned_here, {}).texts)
    theirs = f"uses: actions/checkout@{COMMIT} # v99.0.0"
    written[CI] = re.sub(r"uses: actions/checkout@.*", theirs, written[CI], count=1)
    return merged(planned_here, written)


def test_kept_pin_is_named() -> None:
    """A newer pin in a block is kept, and told with the file, the action, commit and version."""
    kept = poisoned().kept

    assert {CI: (f"actions/checkout@{COMMIT} # v99.0.0",)} == kept


def test_own_pins_are_not_told() -> None:
    """Where the pins are those of this version, nothing is said."""
    planned_here = workflows(PACKAGE, replace(Caller(), own=True), Choices())
    written = merged(planned_here, {}).texts

    assert {} == merged(planned_here, written).kept
