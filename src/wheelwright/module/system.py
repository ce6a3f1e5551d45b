"""What the caller wants beneath the environments, above the project's own settings."""

from __future__ import annotations

import re
from dataclasses import replace

from wheelwright.container import steps
from wheelwright.container.loading import LoadedProject
from wheelwright.errors import RequestError
from wheelwright.project.model import Project
from wheelwright.project.settings import is_debian_package, is_image


def with_system(
    loaded: LoadedProject, image: str, packages: str, *, credentials: bool
) -> LoadedProject:
    """Return the project with the caller's image and packages, and note whose image it is.

    Raises:
        RequestError: not an image, not packages, or an image of the project beside credentials.
    """
    project = chosen(loaded.project, image, packages)
    foreign = not image and bool(_images(project))
    if foreign and credentials:
        named = ", ".join(_images(project))
        raise RequestError(
            f"image {named} of [tool.wheelwright] would see the credentials of --netrc",
            "pass the image with --image if you trust it, or leave it out",
        )
    if foreign:
        steps.set_foreign_image()
    return replace(loaded, project=project)


def chosen(project: Project, image: str, packages: str) -> Project:
    """Return the project with the settings that the caller's arguments replace; pure.

    Raises:
        RequestError: not an image, or not packages.
    """
    settings = project.settings
    if image:
        if not is_image(image):
            raise RequestError(
                f'--image "{image}" is not the address of an image', "write it as python:3.12-slim"
            )
        include = tuple(replace(entry, image=None) for entry in settings.matrix.include)
        settings = replace(settings, image=image, matrix=replace(settings.matrix, include=include))
    names = tuple(filter(None, re.split(r"[,\s]+", packages)))
    for name in names:
        if not is_debian_package(name):
            raise RequestError(
                f'--system-packages: "{name}" is not the name of a Debian package',
                "write them as git,libpq-dev",
            )
    if names:
        settings = replace(settings, system_packages=names)
    return replace(project, settings=settings)


def _images(project: Project) -> list[str]:
    settings = project.settings
    every = (settings.image, *(entry.image for entry in settings.matrix.include))
    return [*dict.fromkeys(filter(None, every))]
