"""Where the module's code comes from: references, and the commits that repositories name."""

from __future__ import annotations

import pytest

from wheelwright import identity
from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine, caller
from wheelwright.github.home import Home, NotFixed, of_reference, of_requirement
from wheelwright.pins import PACKAGE

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ADDRESS = "https://h.example/o/w.git"
COMMITS = {(ADDRESS, "v1"): COMMIT, (ADDRESS, ""): COMMIT, (ADDRESS, "a/v1"): COMMIT}


def toolchain(source: str) -> str:
    """Return a dagger.json with the module as a toolchain without a pin."""
    return f'{{"name": "x", "toolchains": [{{"name": "wheelwright", "source": "{source}"}}]}}'


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("h.example/o/w.git@v1", "v1"),
        ("https://h.example/o/w.git@v1", "v1"),
        ("h.example/o/w.git", ""),
        ("h.example/o/w.git/a@a/v1", "a/v1"),
        ("git@h.example:o/w.git@v1", "v1"),
    ],
)
def test_version_is_a_question_and_its_answer_a_home(reference: str, version: str) -> None:
    """What names no commit has the address to ask; with the answer it is a commit there."""
    with pytest.raises(NotFixed) as asked:
        of_reference("source", reference, "", "pin it")
    home = of_reference("source", reference, "", "pin it", COMMITS)

    assert (ADDRESS, version) == (asked.value.address, asked.value.version)
    assert (ADDRESS, COMMIT) == (home.address, home.commit)
    assert home == of_reference("source", home.reference, "", "pin it")


def test_pin_goes_before_what_the_repository_answers() -> None:
    """A commit that is given is taken, whatever the version means now."""
    pin = COMMIT[::-1]

    assert Home(ADDRESS, pin) == of_reference("source", "h.example/o/w.git@v1", pin, "", COMMITS)
    assert Home(ADDRESS, pin) == of_reference("source", f"{ADDRESS}@{pin}", "", "", COMMITS)


@pytest.mark.parametrize("reference", ["file:///srv/w.git@v1", "http://h.example/o/w@v1", "../w"])
@pytest.mark.parametrize("stiletto", ["", f"w @ git+{ADDRESS}@{COMMIT}"])
@pytest.mark.parametrize("engine", Engine)
def test_toolchain_of_this_machine_is_refused(
    reference: str, stiletto: str, engine: Engine
) -> None:
    """No runner can reach it, also where --stiletto names the command; --module is named."""
    with pytest.raises(RequestError, match=r"dagger\.json: toolchains\[0\]\.source") as caught:
        caller(toolchain(reference), engine, "", "", stiletto)

    assert f"pass --module {identity.reference('COMMIT')}" in caught.value.hint


@pytest.mark.parametrize("engine", Engine)
def test_module_is_called_at_the_commit_of_its_version(engine: Engine) -> None:
    """`-m` in the workflows names the commit, not the version that it was made from."""
    called = caller(None, engine, "h.example/o/w.git@v1", "", commits=COMMITS)

    assert f"h.example/o/w.git@{COMMIT}" == called.module
    assert Home(ADDRESS, COMMIT) == called.home


@pytest.mark.parametrize("module", ["tools/wheelwright", f"{ADDRESS}@{COMMIT}"])
def test_module_that_is_fixed_is_called_as_it_was_given(module: str) -> None:
    """A directory of the repository, and a commit: nothing is written in another form."""
    assert module == caller(None, Engine.DAGGER, module, "").module


def test_module_of_a_version_is_fixed_also_beside_the_option_for_the_command() -> None:
    """--stiletto says where the command comes from; what it runs has to be a commit as well."""
    with pytest.raises(NotFixed):
        caller(None, Engine.STILETTO, "h.example/o/w@v1", "", f"w @ git+{ADDRESS}@{COMMIT}")


@pytest.mark.parametrize("said", [None, "{}", '{"toolchains": []}'])
def test_own_address_is_the_last_source(said: str | None) -> None:
    """Where nothing names the module, it is the usual one, at the commit of its version."""
    called = caller(said, Engine.DAGGER, "", "", commits=COMMITS, usual="h.example/o/w.git@v1")

    assert f"h.example/o/w.git@{COMMIT}" == called.module
    with pytest.raises(NotFixed, match=r"the module 'h\.example/o/w\.git@v2' names 'v2'.*--module"):
        caller(said, Engine.DAGGER, "", "", commits=COMMITS, usual="h.example/o/w.git@v2")


def test_toolchain_goes_before_the_own_address() -> None:
    """The order: --module, the toolchain, the own address."""
    said = toolchain("h.example/o/w.git@v1")
    called = caller(said, Engine.DAGGER, "", "", commits=COMMITS, usual="h.example/o/other@v1")

    assert ("wheelwright", Home(ADDRESS, COMMIT)) == (called.toolchain, called.home)


def test_a_git_address_alone_is_a_requirement() -> None:
    """The name of the distribution adds nothing: both forms are one."""
    address = f"git+https://github.com/acme/wheelwright@{'0' * 40}"
    named = of_requirement(f"{PACKAGE}[stiletto] @ {address}")
    assert named == of_requirement(address)
