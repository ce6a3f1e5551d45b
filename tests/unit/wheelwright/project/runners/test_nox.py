"""Reading noxfile.py."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelwright.errors import ProjectError
from wheelwright.project.files import Snapshot
from wheelwright.project.runners import nox
from wheelwright.project.runners.job import Job

PYPROJECT = """
[project]
name = "reed"
version = "1.0"
requires-python = ">=3.11"
classifiers = [
  "Programming Language :: Python :: 3.12",
  "Programming Language :: Python :: 3.11",
]

[project.optional-dependencies]
http = ["httpx"]

[dependency-groups]
test = ["pytest"]
docs = ["sphinx"]
dev = ["ruff"]
"""


def jobs(body: str, python: str = "3.12", **environment: str) -> dict[str, Job]:
    """Return the jobs of a noxfile by name; `import nox` is put in front of it."""
    files = Snapshot({"noxfile.py": f"import nox\n{body}", "pyproject.toml": PYPROJECT})
    return {job.name: job for job in nox.read(files, python, environment)}


def session(body: str, python: str = "3.12", **environment: str) -> Job:
    """Return the one job of a noxfile whose session has these lines."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return jobs(
        f"from pathlib import Path\n@nox.session\ndef tests(session):\n{lines}",
        python,
        **environment,
    )["tests"]


def missing(job: Job) -> list[tuple[str, int, str]]:
    """Return what of a job is computed: subject, line and source."""
    return [(each.subject, each.place.line, each.text) for each in job.unread]


def test_session_with_literals() -> None:
    """Pythons, requirements, the command and its variables are read as they are."""
    job = jobs(
        '\n@nox.session(python=["3.11", "3.12"])\n'
        "def tests(session: nox.Session) -> None:\n"
        '    session.install("-e", ".", "pytest", "hypothesis")\n'
        '    session.run("pytest", "tests", env={"REED_MODE": "nox"})\n',
        python="3.13",
    )["tests"]

    assert ("pytest", "hypothesis") == job.requirements
    assert (("pytest", "tests"),) == job.commands
    assert {"REED_MODE": "nox"} == job.variables
    assert ("3.11", "3.12") == job.pythons
    assert job.installs
    assert () == job.unread
    assert "noxfile.py:4 tests" == str(job.place)


def test_computed_requirements_name_the_line_that_computes() -> None:
    """What is read from a file is not known; its line is the assignment, not its use."""
    job = jobs(
        "import pathlib\n"
        'NEEDED = pathlib.Path("needed.in").read_text().split()\n'
        "@nox.session\n"
        "def tests(session):\n"
        '    session.install("-e", ".", *NEEDED)\n'
        '    session.run("pytest")\n'
    )["tests"]

    line = 'NEEDED = pathlib.Path("needed.in").read_text().split()'
    assert [("requirements", 3, line)] == missing(job)
    assert (("pytest",),) == job.commands
    assert job.installs


def test_no_noxfile_has_no_jobs() -> None:
    """Without the file there is nothing, and no error."""
    assert () == nox.read(Snapshot({}), "3.12")


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        ('@nox.session(name="unit")', ["unit"]),
        ("@nox.session()", ["f"]),
        (
            '@nox.session\n@nox.parametrize("django", ["4.2", "5.2"])',
            ["f(django='4.2')", "f(django='5.2')"],
        ),
        (
            '@nox.parametrize("a", [1, 2])\n@nox.parametrize("b", ["x", "y"])\n@nox.session',
            ["f(b='x', a=1)", "f(b='y', a=1)", "f(b='x', a=2)", "f(b='y', a=2)"],
        ),
        (
            '@nox.session\n@nox.parametrize("a, b", [(1, 2), nox.param(3, 4, id="last")])',
            ["f(a=1, b=2)", "f(last)"],
        ),
        ('@nox.session\n@nox.parametrize("a", [1, 2], ids=["one", "two"])', ["f(one)", "f(two)"]),
    ],
)
def test_names_are_those_of_nox(decorator: str, names: list[str]) -> None:
    """A job is called as `nox --list` calls it, less the Python."""
    assert names == list(jobs(f"{decorator}\ndef f(session, a=0, b=0, django=''): pass\n"))


def test_parameters_reach_the_session() -> None:
    """Each combination installs its own version."""
    found = jobs(
        '@nox.session\n@nox.parametrize("django", ["4.2", "5.2"])\n'
        "def tests(session, django):\n"
        '    session.install(f"django~={django}.0")\n'
    )
    assert [("django~=4.2.0",), ("django~=5.2.0",)] == [job.requirements for job in found.values()]


def test_python_of_a_combination() -> None:
    """A parameter `python` that the function does not take is the session's Python."""
    found = jobs(
        '@nox.session\n@nox.parametrize("python,django", [("3.11", "4.2"), ("3.12", "5.2")])\n'
        'def tests(session, django): session.install(f"django=={django}")\n'
    )
    assert [("3.11",), ("3.12",)] == [job.pythons for job in found.values()]


def test_a_decorator_of_the_file_declares_sessions() -> None:
    """A function that applies `nox.session` is followed, with its arguments and defaults."""
    found = jobs(
        "nox.options.sessions = []\n"
        "def session(default=True, python='3.15', **kwargs):\n"
        "    def _session(fn):\n"
        "        if default:\n"
        "            nox.options.sessions.append(kwargs.get('name', fn.__name__))\n"
        "        return nox.session(python=python, **kwargs)(fn)\n"
        "    return _session\n"
        "@session(python=['3.12', '3.13'])\n"
        "def tests(session):\n    session.run('pytest', '-x')\n"
        "@session(default=False, tags=['style'], name='quick-lint')\n"
        "def lint(session):\n    session.run('ruff', 'check')\n"
        "def plain(fn):\n    return nox.session(fn)\n"
        "@plain\n"
        "def typing(session):\n    session.run('mypy')\n"
        "def other(fn):\n    return fn\n"
        "@other\n"
        "def helper(session):\n    session.run('mypy')\n"
    )
    assert ["tests", "quick-lint", "typing"] == list(found)
    assert (("3.12", "3.13"), True) == (found["tests"].pythons, found["tests"].default)
    assert (("pytest", "-x"),) == found["tests"].commands
    assert (("3.15",), False) == (found["quick-lint"].pythons, found["quick-lint"].default)
    assert ("style",) == found["quick-lint"].tags
    assert (("mypy",),) == found["typing"].commands


def test_nox_options_and_decorator_set_the_default() -> None:
    """`nox.options.sessions` decides; without it `default=False` does."""
    body = (
        '@nox.session(tags=["ci"])\ndef lint(session): pass\n'
        "@nox.session(default=False)\ndef tests(session): pass\n"
    )
    assert {"lint": True, "tests": False} == {n: j.default for n, j in jobs(body).items()}
    assert ("ci",) == jobs(body)["lint"].tags
    chosen = jobs(f'nox.options.sessions = ["tests"]\n{body}')
    assert {"lint": False, "tests": True} == {n: j.default for n, j in chosen.items()}


@pytest.mark.parametrize(
    ("call", "requirements", "groups", "extras", "installs"),
    [
        ('session.install("-e.[http]")', (), (), ("http",), True),
        ('session.install(".", "-r", "req/test.txt", "-c", "c.txt")',
         ("-r req/test.txt", "-c c.txt"), (), (), True),
        ('session.install("--group=test", "--upgrade", "-q")', (), ("test",), (), False),
        ('session.install(*nox.project.dependency_groups(nox.project.load_toml(), "test", "docs"))',
         (), ("test", "docs"), (), False),
        ('session.install(*nox.project.load_toml("pyproject.toml")["dependency-groups"]["test"])',
         ("pytest",), (), (), False),
        ('session.run_install("uv", "sync", "--group", "test", "--extra=http")',
         (), ("dev", "test"), ("http",), True),
        ('session.run("uv", "sync", "--no-default-groups", "--only-group", "docs")',
         (), ("docs",), (), False),
        ('session.run("python", "-m", "pip", "install", "-e", "../sdk", "mock")',
         ("-e ../sdk", "mock"), (), (), False),
        ('session.chdir("sub"); session.install("..", "-r", "r.txt")',
         ("-r sub/r.txt",), (), (), True),
        ('session.install("reed[http]")', (), (), ("http",), True),
        ('session.poetry.installroot(extras=["http"])', (), (), ("http",), True),
    ],
)  # fmt: skip
def test_what_is_installed(
    call: str,
    requirements: tuple[str, ...],
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    installs: bool,
) -> None:
    """Requirements, groups, extras and the package itself are told apart."""
    job = session(call)
    found = (job.requirements, job.groups, job.extras, job.installs)
    assert (requirements, groups, extras, installs) == found
    assert () == job.unread


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ('session.run("pytest", *session.posargs)', ("pytest",)),
        ('session.run("pytest", *(session.posargs or ["tests"]))', ("pytest", "tests")),
        ('args = session.posargs or ("-n", "auto")\nsession.run("pytest", *args)',
         ("pytest", "-n", "auto")),
        ('if session.posargs:\n    t = session.posargs\nelse:\n    t = ["a"]\n'
         'session.run("pytest", *t)', ("pytest", "a")),
        ('c = ["pytest"]\nc.append("-v")\nc += ["x"]\nc.extend(("y",))\nsession.run(*c)',
         ("pytest", "-v", "x", "y")),
        ('for x in ("a",):\n    session.run("pytest", f"tests/{x}")', ("pytest", "tests/a")),
        ('session.run("pytest", *[f"t/{x}" for x in "ab" if x != "a"])', ("pytest", "t/b")),
        ('import sys\nif sys.platform == "win32":\n    session.run("cmd")\n'
         'session.run("pytest")', ("pytest",)),
        ('import os\nif os.environ.get("CI"):\n    session.run("ci")\nsession.run("pytest")',
         ("pytest",)),
        ('import os\nif "CI" in os.environ:\n    session.run("ci")\nsession.run("pytest")',
         ("pytest",)),
        ('with session.chdir("docs"):\n    pass\nsession.run("uv", "run", "-m", "pytest")',
         ("python", "-m", "pytest")),
        ('try:\n    session.run("pytest")\nfinally:\n    session.notify("x")', ("pytest",)),
        ('if session.python == "3.8":\n    session.skip("old")\nsession.run("pytest")',
         ("pytest",)),
        ('from pathlib import Path\nsession.run("pytest", Path("tests") / "unit")',
         ("pytest", "tests/unit")),
        ('d = dict(a="x")\nd["b"] = "y"\nsession.run("pytest", *d.values())',
         ("pytest", "x", "y")),
        ('import argparse\np = argparse.ArgumentParser()\n'
         'p.add_argument("--fast-one", action="store_true")\n'
         'args, rest = p.parse_known_args(session.posargs)\n'
         'session.run("pytest", *(["-x"] if args.fast_one else ["-v"]), *rest)', ("pytest", "-v")),
        ('import shutil\nif shutil.which("docker"):\n    session.run("docker")\n'
         'session.run("pytest")', ("pytest",)),
        ('cov = Path(session.virtualenv.location) / "cov.xml"\n'
         'session.run("pytest", f"--cov-report=xml:{cov}")',
         ("pytest", "--cov-report=xml:.nox/tests/cov.xml")),
        ('if isinstance(session.python, str):\n    session.run("x")\nsession.run("pytest")',
         ("pytest",)),
        ('session.run(*map(str, ["pytest", 1]))', ("pytest", "1")),
        ('t = Path("pyproject.toml").read_text()\nsession.run("pytest", t.split()[0])',
         ("pytest", "[project]")),
        ('session.run("pytest", "-k", "%s and not %s" % ("a", "b"), "{}/x".format("t"))',
         ("pytest", "-k", "a and not b", "t/x")),
    ],
)  # fmt: skip
def test_commands_of_a_caller_without_arguments(body: str, command: tuple[str, ...]) -> None:
    """What is literal is followed: defaults of posargs, conditions, loops, lists, paths."""
    job = session(body)
    assert () == job.unread
    assert (command,) == job.commands


def test_functions_of_the_file_are_followed() -> None:
    """A function that gets the session counts, with its defaults and its keywords."""
    found = jobs(
        "def impl(session, extras='', *, group='test', more=()):\n"
        '    session.install(f"-e.[{extras}]" if extras else "-e.", f"--group={group}")\n'
        '    session.run("pytest", *more)\n'
        "@nox.session\ndef tests(session): impl(session, more=['-x'])\n"
        "@nox.session\ndef other(session): impl(session, 'http', group='docs')\n"
    )
    assert [("test",), ("docs",)] == [job.groups for job in found.values()]
    assert [(), ("http",)] == [job.extras for job in found.values()]
    assert [(("pytest", "-x"),), (("pytest",),)] == [job.commands for job in found.values()]


@pytest.mark.parametrize(
    ("body", "subjects"),
    [
        ('if ready():\n    session.install("x")', ["requirements"]),
        ('if ready():\n    session.run("x")\nelse:\n    session.run("y")', ["command"]),
        ('if ready():\n    session.env["A"] = "x"', ["variables"]),
        ('while True:\n    session.run("x")', ["command"]),
        ('for x in names():\n    session.install(x)', ["requirements"]),
        ('import lib\nlib.test(session)', ["requirements", "command"]),
        ('session.run("pytest", *names())', ["command"]),
        ('session.run_always("pip", "install", names())', ["requirements"]),
        ('session.run("x", env={"A": names()})', ["variables"]),
        ('session.conda_install("numpy")', ["requirements"]),
        ('session.install("--resolution=lowest", "x")', ["requirements"]),
        ('session.chdir(names())\nsession.run("pytest")', ["command"]),
        ('session.run(f"{session.virtualenv.location}/bin/pytest")', ["command"]),
        ("if ready():\n    session.log('x')\n    y = 1", []),
        ("if ready():\n    session.error('x')", []),
        ('x = ["a"]\nif ready():\n    x.append("b")\nsession.run(*x)', ["command"]),
    ],
)  # fmt: skip
def test_what_is_not_decided_is_named(body: str, subjects: list[str]) -> None:
    """A condition, a loop or a call that is not known names what may be missing, and no more."""
    assert subjects == [each.subject for each in session(body).unread]


def test_variables_from_all_places() -> None:
    """The file, the session and the test command set variables; None and installers' do not."""
    job = jobs(
        "import os\n"
        'os.environ["FILE"] = "1"\n'
        'os.environ.update({"ALSO": "2"})\n'
        "@nox.session\n"
        "def tests(session):\n"
        '    session.env["UV_PROJECT_ENVIRONMENT"] = session.virtualenv.location\n'
        '    session.env["SESSION"] = "3"\n'
        '    session.run("docs", env={"DOCS": "x"})\n'
        '    session.run("pytest", env={"TEST": "4", "NONE": None, **session.env})\n'
    )["tests"]
    assert {"FILE": "1", "ALSO": "2", "SESSION": "3", "TEST": "4"} == job.variables
    assert () == job.unread


def test_given_variables_decide_conditions() -> None:
    """A variable that the caller sets is in the session's environment."""
    body = 'import os\nif os.environ.get("CI"):\n    session.run("ci")'
    assert (("ci",),) == session(body, CI="1").commands


def test_pythons_from_classifiers() -> None:
    """`nox.project.python_versions` reads the classifiers, or up to a maximum."""
    body = "P = nox.project.load_toml('pyproject.toml')\n"
    found = jobs(
        f"{body}@nox.session(python=nox.project.python_versions(P))\ndef a(session): pass\n"
        "@nox.session(python=nox.project.python_versions(P, max_version='3.14'))\n"
        "def b(session): pass\n"
        "@nox.session(python=some())\ndef c(session): pass\n"
    )
    assert ("3.11", "3.12") == found["a"].pythons
    assert ("3.11", "3.12", "3.13", "3.14") == found["b"].pythons
    assert ["pythons"] == [each.subject for each in found["c"].unread]


def test_nox_uv_syncs_before_the_session() -> None:
    """The decorator of nox-uv installs what its arguments name."""
    files = {
        "noxfile.py": "from nox_uv import session\n"
        '@session(venv_backend="uv", uv_groups=["test"], uv_extras=["http"])\n'
        'def tests(s): s.run("pytest")\n',
        "pyproject.toml": PYPROJECT,
    }
    (job,) = nox.read(Snapshot(files), "3.12")
    assert (("test",), ("http",), True) == (job.groups, job.extras, job.installs)
    assert (("pytest",),) == job.commands


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", r"noxfile\.py:1: not valid Python: invalid syntax"),
        ("x = 1\0", r"noxfile\.py.* null bytes"),
        ("x = " + "(" * 1000, r"noxfile\.py"),
        ("x" * 300_001, r"noxfile\.py has 300001 characters"),
        (
            "import nox\n" + "".join(f"@nox.session\ndef f{n}(s): pass\n" for n in range(2001)),
            r"noxfile\.py has more than 2000 sessions",
        ),
    ],
)
def test_broken_file_is_an_error(text: str, message: str) -> None:
    """What is not Python ends in one error with the file and, where it can, the line."""
    with pytest.raises(ProjectError, match=message):
        nox.read(Snapshot({"noxfile.py": text}), "3.12")


@pytest.mark.parametrize(
    "body",
    [
        "x = ['a']\nfor i in range(1000):\n    x = [x, x]\nsession.run(*x)",
        "x = 'a'\nfor i in range(1000):\n    x = x + x\nsession.run(x)",
        "x = []\nfor i in range(1000):\n    x = [x]\nx == x",
        "def f(n):\n    f(n)\n    f(n)\nf(1)",
        "r = range(900)\nfor a in r:\n    for b in r:\n        for c in r:\n            a",
        "x = 9\nfor i in range(100):\n    x = x * x\n    x = x + x",
        "x = 'a' * 10**9\ny = [0] * 10**9\nz = range(10**12)\nsession.run(x)",
        "x = " + "+".join(["1"] * 900),
        "x = " + "-" * 80 + "1",
        "for i in range(900):\n    session.install(*[f'p{n}' for n in range(900)])",
        "for i in range(900):\n    session.run(f())",
        "x = [a for a in range(900) for b in range(900) for c in range(900)]",
        "x = '{:>999999999}'.format(1) + '%999999999d' % 1 + f'{1:>999999999}'",
        "x = 'a,' * 1000\nfor i in range(100):\n    x = x.replace('a', x)",
    ],
)
def test_costly_files_are_read_soon(body: str) -> None:
    """No file makes its reader slow or large: what grows is not known any more."""
    assert "tests" == session(body).name


PIECES = st.sampled_from(
    [
        "session", "session.run", "session.install", "session.env", "session.posargs", "nox",
        "nox.session", "nox.parametrize", "nox.project.load_toml()", "os.environ", "x", "y", "str",
        "dict", "sorted", "zip", "'a'", "'-e'", "'.'", "1", "0", "None", "True", "[]", "{}", "()",
        "['a', 'b']", "{'a': 1}", "{1, 2}", "Path", "__file__", "f'{x}'", "lambda: x", "-1",
    ]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.builds("{}({})".format, inner, inner),
        st.builds("{}({}, *{}, a={}, **{})".format, inner, inner, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds(
            "({}).{}".format,
            inner,
            st.sampled_from(
                ["get", "append", "join", "format", "update", "env", "parent", "split"]
            ),
        ),
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "%", "|", "and", "or", "in", "==", "<", "is"]),
            inner,
        ),
        st.builds("[*{}, {}]".format, inner, inner),
        st.builds("{{**{}, {}: {}}}".format, inner, inner, inner),
        st.builds("[{} for x in {} if {}]".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    EXPRESSIONS,
    st.builds("x = {}".format, EXPRESSIONS),
    st.builds("x, *y = {}".format, EXPRESSIONS),
    st.builds("x += {}".format, EXPRESSIONS),
    st.builds("x[{}] = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("session.env[{}] = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("for x in {}: {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("if {}: {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("with {} as x: {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("session.run(*{}, env={})".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("session.install({}, *{})".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("nox.options.sessions = {}".format, EXPRESSIONS),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(STATEMENTS, max_size=5), EXPRESSIONS, EXPRESSIONS)
def test_any_session_is_read(body: list[str], pythons: str, rows: str) -> None:
    """Whatever a session's statements are, there is a job, or a ProjectError."""
    lines = "".join(f"    {line}\n" for line in ["pass", *body])
    text = (
        f"import os\nfrom pathlib import Path\nx = y = ['a']\n@nox.session(python={pythons})\n"
        f"@nox.parametrize('a', {rows})\ndef tests(session, a):\n{lines}"
    )
    try:
        found = jobs(text)
    except ProjectError:
        return
    assert all(job.name.startswith("tests") for job in found.values())
    assert all(isinstance(word, str) for job in found.values() for c in job.commands for word in c)
    assert all(isinstance(v, str) for job in found.values() for v in job.variables.values())


@settings(max_examples=250, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text of a noxfile ends in a traceback."""
    message = "noxfile.py"
    try:
        nox.read(Snapshot({"noxfile.py": text}), "3.12")
    except ProjectError as error:
        message = error.message
    assert "noxfile.py" in message
