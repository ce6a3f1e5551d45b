"""What other tools for versions are set to is read as hints."""

import pytest

from tests.unit.wheelwright.release.packages import STATIC, project
from wheelwright.release.decide import tags, version_tools
from wheelwright.release.decide.tags import Form
from wheelwright.release.decide.version_tools import Hint

CZ = '[tool.commitizen]\nname = "cz_conventional_commits"\n'
PSR = "[tool.semantic_release]\n"
BUMP = '[tool.bumpversion]\ncurrent_version = "1.2.3"\n'


@pytest.mark.parametrize(
    ("toml", "files", "tag"),
    [
        (CZ, {}, "1.2.4"),
        (CZ + 'tag_format = "v$version"\n', {}, "v1.2.4"),
        (CZ + 'tag_format = "v${version}"\n', {}, "v1.2.4"),
        (CZ + 'tag_format = "v$major.$minor.$patch$prerelease"\n', {}, "v1.2.4"),
        # Not a version that could be read again.
        (CZ + 'tag_format = "v$major.$minor"\n', {}, "v1.2.4"),
        ("", {".cz.toml": CZ + 'tag_format = "release-$version"\n'}, "release-1.2.4"),
        (PSR, {}, "v1.2.4"),
        (PSR + 'tag_format = "{version}"\n', {}, "1.2.4"),
        (PSR + 'tag_format = "deploy/{version}"\n', {}, "v1.2.4"),
        (PSR + 'tag_format = "demo-{version}"\n', {}, "demo-1.2.4"),
        (BUMP, {}, "v1.2.4"),
        (BUMP + 'tag = true\ntag_name = "{new_version}"\n', {}, "1.2.4"),
        (
            "",
            {"setup.cfg": "[bumpversion]\ntag = True\ntag_name = demo-{new_version}\n"},
            "demo-1.2.4",
        ),
        (
            "",
            {".bumpversion.toml": BUMP + 'tag = true\ntag_name = "{new_version}"\n'},
            "1.2.4",
        ),
        ("", {"tbump.toml": '[git]\ntag_template = "{new_version}"\n'}, "1.2.4"),
        ("", {"release-please-config.json": '{"packages": {".": {}}}'}, "demo-v1.2.4"),
        (
            "",
            {
                "release-please-config.json": '{"include-component-in-tag": false,'
                '"packages": {".": {"include-v-in-tag": false}}}'
            },
            "1.2.4",
        ),
        (
            "",
            {"release-please-config.json": '{"packages": {".": {"component": "other"}}}'},
            "v1.2.4",
        ),
        ("", {"release-please-config.json": "[", "tbump.toml": "[", "cz.toml": "["}, "v1.2.4"),
        ("", {}, "v1.2.4"),
    ],
)
def test_first_tag_has_the_form_of_the_project_s_own_tool(
    toml: str, files: dict[str, str], tag: str
) -> None:
    """Before there is a tag, the settings of a tool for versions show what it will be."""
    package = project(STATIC + toml, files)
    usual = version_tools.tag_form(package)
    found = tags.read({}, "demo", member=False, usual=usual)
    assert tag == found.form.name("1.2.4")
    assert {*files} - {"setup.cfg"} <= set(version_tools.files(package))


def test_a_tag_and_a_setting_come_before_a_tool() -> None:
    """What the project does counts more than what a tool would do; the note names the tool."""
    usual = version_tools.tag_form(project(STATIC + CZ))
    there = tags.read({"refs/tags/v1.2.3": "a"}, "demo", member=False, usual=usual)
    by_setting = tags.read({}, "demo", member=False, setting="r{version}", usual=usual)
    first = tags.read({}, "demo", member=False, usual=usual)

    assert (Form("v"), Form("r"), Form("")) == (there.form, by_setting.form, first.form)
    assert ("tag 1.2.4, as commitizen makes it",) == first.notes("1.2.4")


def test_member_has_a_tag_of_its_own_whatever_a_tool_makes() -> None:
    """Without the package's name a form would be that of all members."""
    usual = version_tools.tag_form(project(STATIC + CZ))
    assert Form("demo-v") == tags.read({}, "demo", member=True, usual=usual).form
    please = version_tools.tag_form(project(STATIC, {"release-please-config.json": "{}"}))
    assert Form("demo-v") == tags.read({}, "demo", member=True, usual=please).form


def test_files_of_a_tool_s_own_configuration_are_hints() -> None:
    """They are read beside pyproject.toml, in each of the forms that bump-my-version knows."""
    files = {
        ".bumpversion.toml": BUMP + '[[tool.bumpversion.files]]\nfilename = "a.txt"\n'
        'search = "version {current_version}"\n',
        ".bumpversion.cfg": "[bumpversion]\n[bumpversion:file:b.txt]\nsearch = is {x}\n"
        "[bumpversion:file:../out]\n",
        "cz.toml": CZ + 'version_files = ["c.txt:version"]\n',
    }
    expected = [Hint("a.txt", "version "), Hint("b.txt", "is "), Hint("c.txt", "version")]
    assert expected == version_tools.hints(project(STATIC, files))


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('[tool.commitizen]\nversion_files = ["docs/conf.py:^release"]\n', ["release"]),
        ('[tool.commitizen]\nversion_files = ["docs/conf.py"]\n', [""]),
        ('[tool.commitizen]\nversion_files = ["docs/conf.py:(a|b)"]\n', []),
        ('[[tool.tbump.file]]\nsrc = "docs/conf.py"\n', [""]),
        (
            "[[tool.tbump.file]]\nsrc = 'docs/conf.py'\n"
            "search = 'release = \"{current_version}\"'\n",
            ['release = "'],
        ),
    ],
)
def test_lines_that_a_tool_is_set_to_edit(toml: str, expected: list[str]) -> None:
    """A plain part of a line is known; with a pattern of another kind no line is."""
    found = version_tools.hints(project(STATIC + toml))
    assert [("docs/conf.py", each) for each in expected] == [tuple(each) for each in found]
