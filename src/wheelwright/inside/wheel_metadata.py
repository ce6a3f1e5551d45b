"""Writes the METADATA that a package's back end makes: `wheel_metadata.py SOURCE FILE`.

It builds no wheel where the back end can do without (PEP 517, `prepare_metadata_for_build_wheel`).
"""

import importlib
import sys
import tempfile
from pathlib import Path


def main(source: str, file: str) -> None:
    """Ask the back end, in an environment with what it requires; uv has fetched that before."""
    # The package "build" is where this runs, not where it is checked.
    build = importlib.import_module("build")
    environments = importlib.import_module("build.env")
    with environments.DefaultIsolatedEnv(installer="uv") as environment:
        builder = build.ProjectBuilder.from_isolated_env(environment, source)
        environment.install(builder.build_system_requires)
        environment.install(builder.get_requires_for_build("wheel"))
        with tempfile.TemporaryDirectory() as directory:
            made = Path(builder.metadata_path(directory)) / "METADATA"
            Path(file).write_bytes(made.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
