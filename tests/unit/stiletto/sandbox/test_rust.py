"""What is shown of the machine's Rust."""

from __future__ import annotations

from pathlib import Path

from stiletto.sandbox.rust import find_rust

TOOLCHAIN = "stable-x86_64-unknown-linux-gnu"


def program(at: Path) -> Path:
    """Write a program."""
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text("#!/bin/sh\n")
    at.chmod(0o755)
    return at


def toolchain(root: Path) -> Path:
    """Make the directories of a toolchain."""
    program(root / "bin" / "cargo")
    program(root / "bin" / "rustc")
    (root / "lib" / "rustlib").mkdir(parents=True)
    return root


def rustup(home: Path, *names: str, default: str = "") -> Path:
    """Make the home of a user with rustup, and credentials beside its programs."""
    actual = program(home / ".cargo" / "bin" / "rustup")
    for name in ("cargo", "rustc"):
        (home / ".cargo" / "bin" / name).symlink_to(actual.name)
    (home / ".cargo" / "credentials.toml").write_text("token")
    for name in names:
        toolchain(home / ".rustup" / "toolchains" / name)
    (home / ".rustup" / "settings.toml").write_text(f'default_toolchain = "{default}"\n')
    return home


def test_rustup_without_path_is_found_in_the_home(tmp_path: Path) -> None:
    """The default toolchain comes first on PATH; of ~/.cargo only the programs are shown."""
    home = rustup(tmp_path, "nightly", TOOLCHAIN, default=TOOLCHAIN)
    found = find_rust({"PATH": "/nowhere"}, home)
    chosen, folder = home / ".rustup" / "toolchains" / TOOLCHAIN, home / ".cargo" / "bin"

    assert found is not None
    assert (chosen, folder) == found.directories
    assert (f"{chosen}/bin", str(folder)) == found.path
    assert not any((each / "credentials.toml").exists() for each in found.directories)


def test_toolchain_of_the_environment_wins(tmp_path: Path) -> None:
    """RUSTUP_TOOLCHAIN and RUSTUP_HOME say what the caller's own cargo would run."""
    home = rustup(tmp_path / "a", TOOLCHAIN, default=TOOLCHAIN)
    other = rustup(tmp_path / "b", "nightly-x86_64-unknown-linux-gnu", TOOLCHAIN)
    env = {"RUSTUP_HOME": str(other / ".rustup"), "RUSTUP_TOOLCHAIN": "nightly"}
    found = find_rust(env, home)

    assert found is not None
    expected = other / ".rustup" / "toolchains" / "nightly-x86_64-unknown-linux-gnu"
    assert expected == found.directories[0]


def test_path_of_another_home_is_followed(tmp_path: Path) -> None:
    """With the PATH of another user, that user's toolchains are taken."""
    theirs = rustup(tmp_path / "theirs", TOOLCHAIN, default=TOOLCHAIN)
    found = find_rust({"PATH": f"/bin:{theirs}/.cargo/bin"}, tmp_path / "empty")

    assert found is not None
    assert theirs / ".rustup" / "toolchains" / TOOLCHAIN == found.directories[0]


def test_toolchain_without_rustup(tmp_path: Path) -> None:
    """An unpacked toolchain is shown as a whole: its programs need its libraries."""
    root = toolchain(tmp_path / "rust")
    found = find_rust({"PATH": str(root / "bin")}, tmp_path)

    assert found is not None
    assert (root, root / "bin") == found.directories


def test_changed_compiler_is_another_one(tmp_path: Path) -> None:
    """What was compiled by one is no result of another."""
    root = toolchain(tmp_path / "rust")
    before = find_rust({"PATH": str(root / "bin")}, tmp_path)
    (root / "bin" / "rustc").write_text("#!/bin/sh\n# another\n")
    after = find_rust({"PATH": str(root / "bin")}, tmp_path)

    assert before is not None
    assert after is not None
    assert before.facts != after.facts


def test_half_a_rust_is_none(tmp_path: Path) -> None:
    """Without a compiler, cargo is of no use; without anything, nothing is shown."""
    program(tmp_path / "bin" / "cargo")
    assert find_rust({"PATH": str(tmp_path / "bin")}, tmp_path) is None
    assert find_rust({}, tmp_path) is None


def test_broken_settings_leave_what_is_installed(tmp_path: Path) -> None:
    """The first toolchain serves where the settings cannot be read."""
    home = rustup(tmp_path, TOOLCHAIN)
    (home / ".rustup" / "settings.toml").write_bytes(b"\xff = [")
    found = find_rust({}, home)

    assert found is not None
    assert home / ".rustup" / "toolchains" / TOOLCHAIN == found.directories[0]


def test_closed_directory_has_no_rust(tmp_path: Path) -> None:
    """PATH may name a directory of another user; its name cannot even be looked up."""
    far = tmp_path / ("x" * 300)
    assert find_rust({"PATH": str(far)}, far) is None
