"""What the tools that raise a version are set to: the files that they edit, the form of their tags.

    | tool                    | its settings                                        | tag         |
    |-------------------------|-----------------------------------------------------|-------------|
    | commitizen              | [tool.commitizen], cz.toml, .cz.toml                | $version    |
    | python-semantic-release | [tool.semantic_release]                             | v{version}  |
    | bump-my-version         | [tool.bumpversion], .bumpversion.toml;              | v{version}, |
    |                         | [bumpversion] of .bumpversion.cfg, setup.cfg        | if it tags  |
    | tbump                   | [tool.tbump.git], tbump.toml                        | as it is set|
    | release-please          | release-please-config.json                          | NAME-v...   |

The last column is what the tool does where nothing is set. The files are hints for the places of
the version, and the form of the tag counts before there is any tag. What a tool would do beyond
that, such as a version or a changelog made of commits, is not done here.

Sources: the manuals of these tools. A broken file is an error of the tool's own: here it is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from wheelwright.errors import ProjectError
from wheelwright.project.files import join
from wheelwright.project.model import Project
from wheelwright.project.reading import ini, json_data, toml

_OF_TOML: Final = {
    "commitizen": ("cz.toml", ".cz.toml"),
    "bumpversion": (".bumpversion.toml",),
    "tbump": ("tbump.toml",),
}
_OF_INI: Final = (".bumpversion.cfg", "setup.cfg")
_PLEASE: Final = "release-please-config.json"

_NAMES: Final = {
    "commitizen": "commitizen",
    "semantic_release": "python-semantic-release",
    "bumpversion": "bump-my-version",
    "tbump": "tbump",
}
# The components of commitizen's templates that make a whole version.
_COMPONENTS: Final = "$major.$minor.$patch$prerelease"


class Hint(NamedTuple):
    """A file that a tool is set to edit; `needle` is in the lines that it edits."""

    path: str
    needle: str = ""


class TagForm(NamedTuple):
    """A template of tags with `{version}` and `{name}`, and why it counts, for people."""

    template: str = ""
    origin: str = ""


NO_FORM: Final = TagForm()


def files(project: Project) -> list[str]:
    """Return the paths of the tools' own files that are there: to be read first."""
    names = [*(name for each in _OF_TOML.values() for name in each), *_OF_INI, _PLEASE]
    return [join(project.where, name) for name in names if project.has(name)]


def tables(project: Project, tool: str) -> Iterator[Mapping[str, Any]]:
    """Yield the tables of a tool: its own files', then pyproject.toml's; then another file's."""
    for name in _OF_TOML.get(tool, ()):
        path = join(project.where, name)
        if (text := project.files.text(path)) is None:
            continue
        try:
            data = toml(path, text)
        except ProjectError:
            continue
        # tbump's own file has its tables at the top.
        found = data if tool == "tbump" else _within(data, "tool", tool)
        if found:
            yield found
    if project.package.has("tool", tool):
        yield project.package.table("tool", tool)
    if tool == "bumpversion":
        yield from _sections(project)


def _sections(project: Project) -> Iterator[Mapping[str, Any]]:
    """Yield bump-my-version's sections of an ini file, as its table of TOML would be."""
    for name in _OF_INI:
        path = join(project.where, name)
        try:
            parser = ini(path, project.files.text(path) or "")
        except ProjectError:
            continue
        if not parser.has_section("bumpversion"):
            continue
        start = "bumpversion:file:"
        listed = [
            {"filename": each.removeprefix(start), "search": parser[each].get("search") or ""}
            for each in parser.sections()
            if each.startswith(start)
        ]
        yield {**parser["bumpversion"], "files": listed}


def _within(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: object = data
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


# -- files ----------------------------------------------------------------------------------------


def hints(project: Project) -> list[Hint]:
    """Return the files that the package's own tool for versions edits."""
    found = [
        *_bumpversion(project),
        *_commitizen(project),
        *_semantic_release(project),
        *_tbump(project),
    ]
    return [
        hint._replace(path=join(project.where, hint.path))
        for hint in found
        if not hint.path.startswith(("/", ".."))
    ]


def _bumpversion(project: Project) -> Iterator[Hint]:
    for table in (each for tool in ("bumpversion", "bumpver") for each in tables(project, tool)):
        listed = table.get("files", ())
        for each in listed if isinstance(listed, list) else ():
            path = each.get("filename") if isinstance(each, Mapping) else None
            search = each.get("search", "") if isinstance(each, Mapping) else ""
            if isinstance(path, str) and isinstance(search, str):
                yield Hint(path, search.partition("{")[0].rpartition("\n")[2])


def _commitizen(project: Project) -> Iterator[Hint]:
    for table in tables(project, "commitizen"):
        for each in _texts(table.get("version_files")):
            # Behind the colon is a pattern; a plain one is a part of the line. Lines of another one
            # are not known.
            path, _, needle = each.partition(":")
            needle = needle.strip("^$")
            if re.fullmatch(r"[\w .\"'=-]*", needle):
                yield Hint(path, needle)


def _semantic_release(project: Project) -> Iterator[Hint]:
    for table in tables(project, "semantic_release"):
        for each in _texts(table.get("version_variables")):
            path, _, needle = each.partition(":")
            yield Hint(path, needle.partition(":")[0])


def _tbump(project: Project) -> Iterator[Hint]:
    for table in tables(project, "tbump"):
        listed = table.get("file", ())
        for each in listed if isinstance(listed, list) else ():
            path = each.get("src") if isinstance(each, Mapping) else None
            search = each.get("search", "") if isinstance(each, Mapping) else ""
            if isinstance(path, str) and isinstance(search, str):
                yield Hint(path, search.partition("{")[0])


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


# -- tags -----------------------------------------------------------------------------------------


def tag_form(project: Project) -> TagForm:
    """Return the form of the tags that the package's own tool makes; empty where none is known."""
    for tool, name in _NAMES.items():
        for table in tables(project, tool):
            if template := _TEMPLATES[tool](table):
                return TagForm(template, f"as {name} makes it")
    if template := _please(project):
        return TagForm(template, "as release-please makes it")
    return NO_FORM


def _of_commitizen(table: Mapping[str, Any]) -> str:
    template = str(table.get("tag_format", "$version"))
    template = re.sub(r"\$\{(\w+)\}", r"$\1", template)
    return template.replace(_COMPONENTS, "$version").replace("$version", "{version}")


def _of_semantic_release(table: Mapping[str, Any]) -> str:
    return str(table.get("tag_format", "v{version}"))


def _of_bumpversion(table: Mapping[str, Any]) -> str:
    if str(table.get("tag", False)).lower() not in ("true", "1", "yes", "on"):
        return ""
    return str(table.get("tag_name", "v{new_version}")).replace("{new_version}", "{version}")


def _of_tbump(table: Mapping[str, Any]) -> str:
    return str(_within(table, "git").get("tag_template", "")).replace("{new_version}", "{version}")


_TEMPLATES: Final = {
    "commitizen": _of_commitizen,
    "semantic_release": _of_semantic_release,
    "bumpversion": _of_bumpversion,
    "tbump": _of_tbump,
}


def _please(project: Project) -> str:
    text = project.files.text(join(project.where, _PLEASE))
    try:
        data = json_data(text or "{}")
    except ValueError:
        return ""
    if text is None or not isinstance(data, Mapping):
        return ""
    own = _within(data, "packages", ".")
    named, letter, separator = (
        own.get(key, data.get(key, usual))
        for key, usual in (
            ("include-component-in-tag", True),
            ("include-v-in-tag", True),
            ("tag-separator", "-"),
        )
    )
    component = str(own.get("component") or own.get("package-name") or "{name}")
    return f"{f'{component}{separator}' if named else ''}{'v' if letter else ''}{{version}}"
