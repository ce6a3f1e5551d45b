"""What a failed command lacked of its system."""

import pytest

from wheelwright.environment.system import missing

IN = "in [tool.wheelwright]"


@pytest.mark.parametrize(
    ("printed", "program", "package"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'git'", "git", "git"),
        ("/bin/sh: 1: git: not found", "git", "git"),
        ("sh: npm: not found", "npm", "npm"),
        ("bash: line 1: make: command not found", "make", "make"),
        ("error: command 'gcc' failed: No such file or directory", "gcc", "gcc"),
        ("unable to execute 'x86_64-linux-gnu-gcc': No such file or directory", "", ""),
        ("Error: pg_config executable not found.", "pg_config", "libpq-dev"),
        ("timeout: failed to run command 'make': No such file or directory", "make", "make"),
        ('exec: "bwrap": executable file not found in $PATH', "bwrap", "bubblewrap"),
        ("git.exc.GitCommandNotFound: Cmd('git') not found: Bad git executable", "git", "git"),
        ("No such file or directory: 'config.json'", "", ""),
        ("FAILED test_x.py - fixture 'git' not found", "", ""),
        ("module: not found", "", ""),
        ("1 failed in 0.1s", "", ""),
    ],
)
def test_a_program_that_is_not_there_is_named(printed: str, program: str, package: str) -> None:
    """With its package, and the setting; a file that any test may look for is no program."""
    expected = f'the program {program} is not in the image: add "{package}" to system-packages {IN}'
    assert (expected if program else "") == missing(printed)


def test_a_program_without_a_known_package_is_named() -> None:
    """A shell that finds none leaves no doubt that it is a program."""
    expected = (
        f"the program frob is not in the image: add its Debian package to system-packages {IN}"
    )
    assert expected == missing("bash: line 3: frob: command not found")


def test_locales_and_headers_are_named() -> None:
    """What is missing need not be a program."""
    locale = 'a locale is not in the image: add "locales-all" to system-packages'
    header = 'the header libpq-fe.h is not in the image: add "libpq-dev" to system-packages'

    assert f"{locale} {IN}" == missing("locale.Error: unsupported locale setting")
    assert f"{header} {IN}" == missing("fatal error: libpq-fe.h: No such file or directory")
    assert "" == missing("fatal error: own.h: No such file or directory")
