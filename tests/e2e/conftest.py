"""Benches: one store for the whole run, because results are content-addressed; a home of our own.

`STILETTO_TEST_CACHE` names a store to keep from run to run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stiletto.kept.lease import stop_all
from stiletto.layers.remove import remove_tree

from .bench import Bench, Ended, copy_of, dagger_answers, host_environ, stiletto_program
from .release_bench import Description, Outside, ReleaseBench, github_description, make_package
from .release_bench import Sample as Package

ENGINES = ["stiletto", *(["dagger"] if dagger_answers() else [])]

Sample = Callable[[str], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here: whole commands, and packages installed from the index."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.network)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the run's stores, which hold whole environments, unless they are to be kept."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is None or hasattr(session.config, "workerinput"):
        return
    for store in factory.getbasetemp().glob("stiletto-cache*"):
        remove_tree(store)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory for the whole run, shared by all of its processes."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def cache(shared: Path) -> Path:
    """Return the store of the whole run."""
    return Path(os.environ.get("STILETTO_TEST_CACHE") or shared / "stiletto-cache")


@pytest.fixture(scope="session")
def environ(shared: Path, cache: Path) -> dict[str, str]:
    """Return the environment of the commands."""
    home = shared / "home"
    home.mkdir(exist_ok=True)
    return host_environ(home, cache)


@pytest.fixture(scope="session")
def kept(environ: dict[str, str], cache: Path) -> Iterator[dict[str, str]]:
    """Return the environment of commands over the run's store that keep a module's process.

    As by default, the next command need not import the module again. None outlives the run.
    """
    yield {**environ, "STILETTO_IDLE": "60"}
    stop_all(cache)


@pytest.fixture
def stiletto(kept: dict[str, str], tmp_path: Path) -> Bench:
    """Run `stiletto`."""
    return Bench(stiletto_program(), kept, tmp_path)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, stiletto: Bench) -> Bench:
    """Run the same words with each program that works here."""
    return stiletto if request.param == "stiletto" else replace(stiletto, program=["dagger"])


@pytest.fixture
def fresh(stiletto: Bench, tmp_path: Path) -> Iterator[Bench]:
    """Run `stiletto` with a store that holds nothing yet, and keep no process in it."""
    store = tmp_path / "own-cache"
    own = {"STILETTO_CACHE": str(store), "STILETTO_IDLE": "0"}
    yield replace(stiletto, env={**stiletto.env, **own})
    remove_tree(store)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return a function that copies a sample package to where the test may change it."""
    return lambda name: copy_of(name, tmp_path)


# -- releases -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def described() -> Description:
    """Return GitHub's description, which every request is held against."""
    return github_description()


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repository of a package: the same commits for every world of a process."""
    package = Package(dependencies=("idna>=3",))
    return make_package(package, tmp_path_factory.mktemp("package") / "sample")


@pytest.fixture(scope="session")
def released(
    tmp_path_factory: pytest.TempPathFactory,
    environ: dict[str, str],
    described: Description,
    source: Path,
) -> Iterator[tuple[ReleaseBench, Ended]]:
    """Release the package undisturbed; this world stays up for every test that compares."""
    directory = tmp_path_factory.mktemp("released")
    with Outside(directory / "outside", described) as outside:
        at = ReleaseBench.start(Bench(stiletto_program(), environ, directory), outside, source)
        ended = at.succeeds()
        yield at, ended


@pytest.fixture
def at(
    stiletto: Bench, tmp_path: Path, described: Description, source: Path
) -> Iterator[ReleaseBench]:
    """Return a world in which nothing has happened yet; whatever happens, no credential leaks."""
    began_s = time.time()
    with Outside(tmp_path / "outside", described) as outside:
        at = ReleaseBench.start(stiletto, outside, source)
        yield at
        assert [] == at.leaks(began_s)
