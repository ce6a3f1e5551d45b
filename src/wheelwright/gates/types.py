"""Type checkers: which of them the project uses, their commands, what their exit codes mean.

| checker | configured by | environment given as | no errors | errors |
|---|---|---|---|---|
| mypy | [tool.mypy], mypy.ini, .mypy.ini, [mypy] in setup.cfg | --python-executable | 0 | 1 |
| basedpyright | [tool.basedpyright] | --pythonpath | 0 | 1 |
| pyright | [tool.pyright], pyrightconfig.json | --pythonpath | 0 | 1 |
| ty | [tool.ty], ty.toml | --python | 0 | 1 |
| pyrefly | [tool.pyrefly], pyrefly.toml | --python-interpreter-path | 0 | 1 |

Every checker with a configuration runs; without any, the first that a dependency group names.
`typecheck` in [tool.wheelwright] replaces all of this with one command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wheelwright.container.output import Output, broken
from wheelwright.environment import test_dependencies
from wheelwright.environment.others import unchecked
from wheelwright.environment.plan import SOURCE, VENV
from wheelwright.environment.tools import Tool, declared_in, tool
from wheelwright.errors import ProjectError
from wheelwright.gates.gate import GatePlan, Ran, Step, Tree
from wheelwright.gates.result import GateResult, Verdict, looked_at_nothing
from wheelwright.gates.table import counted
from wheelwright.project.layout import own_code
from wheelwright.project.model import Project
from wheelwright.project.pythons import minor_of

_PYTHON = f"{VENV}/bin/python"
# What `--stats` of pyright adds; only it shows that a run looked at no file.
_STATS = re.compile(
    r"(?:Loading |No include entries|Auto-excluding |Assuming |Pyproject file |Setting pythonPath "
    r"|Found \d+ source file|\[[FB]G\] |(?:based)?pyright \d|Completed in |Analysis stats"
    r"|Timing stats|Total files |[A-Z][A-Za-z ]+: +[\d.]+sec)"
)
# One line of each finding: ty and pyrefly begin it so, mypy and pyright put the place before.
_ERROR = re.compile(r"^error\[|^ERROR |: error: | - error: ")


@dataclass(frozen=True, slots=True)
class Checker:
    """One row of the table above.

    Attributes:
        name: also that of its table in pyproject.toml.
        files: other files that configure it.
        environment: arguments that show it the project's interpreter.
        version: the option for a Python version.
    """

    name: str
    files: tuple[str, ...]
    environment: tuple[str, ...]
    version: str
    command: tuple[str, ...]

    def configured(self, project: Project) -> bool:
        """Whether the project configures it."""
        return (
            project.configures("tool", self.name)
            or any(project.text(name) is not None for name in self.files)
            or (self.name == "mypy" and "[mypy]" in (project.text("setup.cfg") or ""))
        )


_PATH = ("--pythonpath", _PYTHON)
_CHECKERS = (
    Checker(
        "mypy",
        ("mypy.ini", ".mypy.ini"),
        (f"--python-executable={_PYTHON}",),
        "--python-version",
        ("mypy",),
    ),
    Checker("basedpyright", (), _PATH, "--pythonversion", ("basedpyright", "--stats")),
    Checker("pyright", ("pyrightconfig.json",), _PATH, "--pythonversion", ("pyright", "--stats")),
    Checker(
        "ty", ("ty.toml",), ("--python", VENV), "--python-version", ("ty", "check", "--no-progress")
    ),
    Checker(
        "pyrefly",
        ("pyrefly.toml",),
        (f"--python-interpreter-path={_PYTHON}",),
        "--python-version",
        ("pyrefly", "check", "--summary=none"),
    ),
)
_BY_NAME = {checker.name: checker for checker in _CHECKERS}


@dataclass(frozen=True, slots=True)
class Types:
    """Every type checker that the project configures, over its installed environment.

    Attributes:
        requested: whether the caller named the Python; it is then passed on to the checkers.
    """

    name: str = "types"
    function: str = "typecheck"
    help: str = "Run each type checker the project configures: mypy, (based)pyright, ty, pyrefly."
    in_ci: bool = True
    requested: bool = False

    def configured(self, project: Project) -> str:
        """Return why no checker runs; empty where one does."""
        if checkers(project):
            return ""
        names = ", ".join(_BY_NAME)
        return (
            f"not configured: {project.name} configures no type checker (none of {names} has a "
            f"table, a file or a dependency group){unchecked(project, self.name)}"
        )

    def plan(self, project: Project, python: str) -> GatePlan:
        """Return a step for each checker.

        Raises:
            RequestError: a workspace's root that is not a package.
        """
        project.require_package()
        return tuple(
            Step(
                check.checker.name,
                check.args,
                tree=Tree.INSTALLED,
                tool=check.tool,
                groups=(check.group,) if check.group else (),
                version=rf"^{check.checker.name} \d+\.\d",
            )
            for check in self._checks(project, python)
        )

    def judge(self, project: Project, python: str, ran: Sequence[Ran]) -> GateResult:
        """Return one result for all checkers.

        Raises:
            ToolFailed: a checker reached no verdict.
        """
        checks = self._checks(project, python)
        return sum_up(
            [
                impostor(check)
                if output.impostor
                else judge(with_printed_version(check, output.version), output, python)
                for check, output in zip(checks, ran, strict=True)
            ]
        )

    def _checks(self, project: Project, python: str) -> list[Check]:
        wanted = test_dependencies.find(project, python)
        brought = (wanted.place, test_dependencies.requirements(project, wanted))
        return [
            check_of(project, checker, python, requested=self.requested, brought=brought)
            for checker in checkers(project)
        ]


@dataclass(frozen=True, slots=True)
class Check:
    """One checker on this project.

    Attributes:
        group: the dependency group with the checker, to install with; None for none.
        tool: what to install beside the environment; None where the group brings the checker.
        guessed: what is checked although no configuration names it; empty otherwise.
    """

    checker: Checker
    args: tuple[str, ...]
    group: str | None
    tool: Tool | None
    label: str
    guessed: str = ""
    chosen_by: str = ""


def checkers(project: Project) -> list[Checker]:
    """Return the checkers that run, in the order of the table."""
    if configured := project.settings.typecheck:
        if configured[0] not in _BY_NAME:
            raise ProjectError(
                f"{project.package.path}: typecheck in [tool.wheelwright] starts with the "
                f'unknown type checker "{configured[0]}"',
                f"start the command with one of {', '.join(_BY_NAME)}",
            )
        return [_BY_NAME[configured[0]]]
    if found := [checker for checker in _CHECKERS if checker.configured(project)]:
        # basedpyright also reads pyright's table: one of the two is meant.
        based = _BY_NAME["basedpyright"]
        if (
            _BY_NAME["pyright"] in found
            and based not in found
            and declared_in(project, "basedpyright")
        ):
            return [based if checker.name == "pyright" else checker for checker in found]
        return found
    return [checker for checker in _CHECKERS if declared_in(project, checker.name)][:1]


def check_of(
    project: Project,
    checker: Checker,
    python: str,
    *,
    requested: bool,
    brought: tuple[str, Iterable[Requirement]] = ("", ()),
) -> Check:
    """Plan one checker's command; with `requested` the caller named the Python.

    `brought` is where the test dependencies are, and what they are: they are installed in any
    case, and a checker among them is the project's own.
    """
    found = tool(project, checker.name, python)
    groups = declared_in(project, checker.name)
    # pyright from a group would fetch Node from elsewhere; mypy's plugins need its group.
    inside = bool(groups) and checker.name != "pyright"
    place, requirements = brought
    usable = () if inside or checker.name == "pyright" else requirements
    own = next((each for each in usable if canonicalize_name(each.name) == checker.name), None)
    configured = project.settings.typecheck
    args = [*(configured or checker.command), *checker.environment]
    if requested:
        minor = minor_of(python)
        args += (
            [checker.version, minor]
            if checker.version == "--pythonversion"
            else [f"{checker.version}={minor}"]
        )
    guessed = ""
    if not configured and checker.name == "mypy" and not _names_targets(project):
        guessed = own_code(project)
        args.append(guessed)
    return Check(
        checker=checker,
        args=tuple(args),
        group=groups[0] if groups else None,
        tool=None if inside or own else found,
        label=str(found) if not inside or project.lock else f'{checker.name} (group "{groups[0]}")',
        guessed=guessed,
        chosen_by=_chosen_by(project, found, groups if inside else [], own, place),
    )


def _chosen_by(
    project: Project, found: Tool, groups: Sequence[str], own: Requirement | None, place: str
) -> str:
    if own is not None and not (project.lock and found.chosen_by == "locked in uv.lock"):
        exact = any(clause.operator in ("==", "===") for clause in own.specifier)
        return f"{'fixed in' if exact else 'from'} {place}"
    return found.chosen_by if project.lock or not groups else f'group "{groups[0]}"'


def impostor(check: Check) -> GateResult:
    """Return the result where another program has the checker's name."""
    name = check.checker.name
    message = f"the program {name} in the environment is not {name}: it prints no version"
    return GateResult("types", Verdict.FAILED, message, f"{message}; see which package installs it")


def with_printed_version(check: Check, printed: str) -> Check:
    """Return the check with the version that its program printed, and who chose that."""
    version = re.search(r"\d+\.\d+[\w.+-]*", printed[:1000])
    if version is None:
        return check
    wanted = check.tool.version if check.tool else version[0]
    chosen = check.chosen_by if wanted == version[0] else f"not the {wanted} {check.chosen_by}"
    return replace(check, label=f"{check.checker.name} {version[0]} ({chosen})")


def _names_targets(project: Project) -> bool:
    table = project.package.table("tool", "mypy")
    ini = "\n".join(project.text(name) or "" for name in ("mypy.ini", ".mypy.ini", "setup.cfg"))
    keys = ("files", "packages", "modules")
    return any(key in table for key in keys) or any(
        line.split("=")[0].strip() in keys for line in ini.splitlines() if "=" in line
    )


def judge(check: Check, output: Output, python: str) -> GateResult:
    """Turn one checker's output into a result.

    Raises:
        ToolFailed: another code than 0 or 1: broken configuration, a crash.
    """
    if output.exit_code not in (0, 1):
        raise broken(check.checker.name, output)
    scope = f"{check.label} on Python {python}"
    if check.guessed:
        scope += (
            f", over {check.guessed} because its configuration names no files "
            "(typecheck in [tool.wheelwright] can)"
        )
    nothing = looked_at_nothing("types", check.label, output)
    if output.exit_code == 0 and nothing:
        return nothing
    if output.exit_code == 0:
        return GateResult("types", Verdict.PASSED, f"no type errors; {scope}")
    report = "\n".join(part.strip() for part in (output.stdout, output.stderr) if part.strip())
    # pyright names files from the root of the container.
    report = re.sub(rf"(?<![\w.-]){SOURCE}/", "", report)
    report = "\n".join(line for line in report.splitlines() if not _STATS.match(line)).strip()
    count = sum(bool(_ERROR.search(line)) for line in report.splitlines())
    errors = counted(count, "type error") if count else "type errors"
    return GateResult("types", Verdict.FAILED, f"{errors}; {scope}", report)


def sum_up(results: list[GateResult]) -> GateResult:
    """Return one result for all checkers: failed if any of them failed."""
    if len(results) == 1:
        return results[0]
    found = {result.verdict for result in results}
    order = (Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CONFIGURED)
    return GateResult(
        "types",
        next(verdict for verdict in order if verdict in found),
        "; ".join(result.note for result in results),
        "\n".join(result.details for result in results if result.details),
    )
