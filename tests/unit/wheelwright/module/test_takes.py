"""Arguments are declared once, and reach the functions that take them."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Annotated, get_args, get_type_hints

import pytest
from dagger import Doc

from wheelwright.module.releases import Releases
from wheelwright.module.takes import takes
from wheelwright.release.act.options import ReleaseOptions, Run, Target
from wheelwright.release.decide.version import Bump
from wheelwright.testing.cells import Selection


class Sample:
    """Functions with declared arguments."""

    @takes(Bump, Run, bump="patch")
    async def some(
        self,
        options: ReleaseOptions,
        tag: Annotated[str, Doc("A tag.")] = "",
        *,
        dry_run: bool = False,
    ) -> tuple[ReleaseOptions, str, bool]:
        """Return what was given."""
        return options, tag, dry_run

    @takes(without=("service",))
    async def cells(self, selection: Selection) -> Selection:
        """Return what was given."""
        return selection

    @takes(Target)
    async def job(self, options: ReleaseOptions) -> ReleaseOptions:
        """Return what was given."""
        return options


def test_a_function_has_the_arguments_of_its_groups_and_its_own() -> None:
    """Names, types, help and defaults are there, as the SDK reads them."""
    signature = inspect.signature(Sample().some)
    hints = get_type_hints(Sample.some, include_extras=True)
    defaults = {name: each.default for name, each in signature.parameters.items()}
    own = {"tag": "", "dry_run": False}

    groups = {
        "bump": "patch",
        "pre": "",
        "post": False,
        "version": "",
        "run": "",
        "take_over": "",
        "log": "",
    }
    assert own | groups == defaults
    assert {*defaults, "return"} == set(hints)
    kind, doc = get_args(hints["pre"])
    assert (str, "alpha, beta, rc or dev; with --bump, the first of it.") == (
        kind,
        doc.documentation,
    )


def test_a_function_may_take_all_of_a_record_but_some() -> None:
    """Fields without a help are not arguments, and a list default is the function's own."""
    parameters = inspect.signature(Sample().cells).parameters

    assert {"python", "resolution", "group", "extra", "cell"} == {*parameters}
    assert [] == parameters["python"].default


async def test_what_is_given_reaches_the_function_as_one_record() -> None:
    """What is not given, and what the function does not take, has its default."""
    options, tag, dry_run = await Sample().some(version="1.2", run="one", tag="v1", dry_run=True)

    assert ReleaseOptions(version="1.2", run="one") == options
    assert ("v1", True) == (tag, dry_run)


def test_a_field_without_a_default_has_to_be_given() -> None:
    """A job that has no clone cannot find out where the repository is."""
    parameters = inspect.signature(Sample().job).parameters

    assert {"remote", "github_token"} == {*parameters}
    with pytest.raises(TypeError, match="remote"):
        inspect.signature(Sample().job).bind()


def test_every_argument_is_taken_by_a_function() -> None:
    """A field that nobody can set is none."""
    functions = [each for name, each in vars(Releases).items() if not name.startswith("_")]
    taken = {name for each in functions for name in inspect.signature(each).parameters}

    assert set() == {field.name for field in fields(ReleaseOptions) if field.metadata} - taken
    assert "options" not in taken


def test_a_plan_takes_every_option_of_a_release() -> None:
    """Whoever can type a release can type its rehearsal, with the same help and defaults."""
    release, plan = (inspect.signature(each) for each in (Releases.release, Releases.release_plan))
    assert [*release.parameters.values()] == [*plan.parameters.values()]
