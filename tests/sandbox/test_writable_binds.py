"""Writes to directories of the host that an image shows: they are in the step's layer only."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_bench import Bench, can_isolate

from stiletto.layers.layer import Bind, Layer
from stiletto.layers.view import View
from stiletto.sandbox.plan import StepOutput
from stiletto.sandbox.writable_binds import gather, prepare, writable_bind

pytestmark = pytest.mark.skipif(not can_isolate(), reason="user namespaces are not to be tested")


class Shown:
    """A directory of the host that is shown at /host in every step."""

    def __init__(self, root: Path) -> None:
        self.host = root / "host"
        (self.host / "d").mkdir(parents=True)
        (self.host / "file").write_text("host\n")
        (self.host / "d/other").write_text("other\n")
        self.host.chmod(0o750)
        self.bench = Bench("bubblewrap", root)
        image = self.bench.image
        self.image = replace(image, binds=(*image.binds, Bind(self.host, "/host")))

    async def sh(self, script: str, *layers: Layer) -> StepOutput:
        """Run a line of shell."""
        return await self.bench.run("sh", "-c", script, layers=layers, image=self.image)

    def listing(self) -> dict[str, tuple[int, str]]:
        """Return the host's files with their modes."""
        return {
            str(path.relative_to(self.host)): (
                path.stat().st_mode,
                path.read_text() if path.is_file() else "",
            )
            for path in (self.host, *self.host.rglob("*"))
        }


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """Make a directory that steps see."""
    return Shown(tmp_path)


async def test_later_step_sees_what_was_written(shown: Shown) -> None:
    """Files that are new, changed and removed are so for the next step, and not on the host."""
    before = shown.listing()
    first = await shown.sh("echo new >/host/new; echo more >>/host/file; rm -r /host/d")
    second = await shown.sh("cat /host/new /host/file; ls /host", first.layer)

    assert b"new\nhost\nmore\nfile\nnew\n" == second.stdout
    assert {"host/d"} == {*first.layer.removed}
    assert before == shown.listing()


async def test_untouched_directory_adds_nothing(shown: Shown) -> None:
    """A step that reads has an empty layer; the directory has its permission bits."""
    done = await shown.sh("cat /host/d/other; stat -c %a /host")

    assert b"other\n750\n" == done.stdout
    assert [] == [*done.layer.root.iterdir()]


async def test_directory_that_a_layer_replaced_stays_replaced(shown: Shown) -> None:
    """What a step makes in the place of a directory it removed has nothing of the host's."""
    first = await shown.sh("rm -r /host/d && mkdir /host/d && echo mine >/host/d/x")
    second = await shown.sh("ls /host/d; echo two >/host/d/y", first.layer)
    third = await shown.sh("ls /host/d", first.layer, second.layer)

    assert b"x\n" == second.stdout
    assert b"x\ny\n" == third.stdout


async def test_changed_permission_bits_are_a_change(shown: Shown) -> None:
    """A mode that a step gives the directory itself is that of later steps."""
    first = await shown.sh("chmod 711 /host")
    second = await shown.sh("stat -c %a /host; cat /host/file", first.layer)

    assert b"711\nhost\n" == second.stdout
    assert 0o750 == stat.S_IMODE(shown.host.stat().st_mode)


def test_what_was_written_is_moved_to_where_it_was_shown(tmp_path: Path) -> None:
    """The directories above it get the modes that they have below; the rest goes with the stage."""
    top, upper, low = tmp_path / "top", tmp_path / "upper", tmp_path / "low"
    for each in (top, upper, low / "opt/tool"):
        each.mkdir(parents=True)
    (low / "opt").chmod(0o700)
    touched = writable_bind("opt/tool", top, upper, 0)
    untouched = writable_bind("opt/other", top, upper, 1)
    prepare([touched, untouched])
    (touched.upper / "f").write_text("x")
    gather([touched, untouched], upper, View((Layer(low),)))

    assert ["opt", "opt/tool", "opt/tool/f"] == sorted(
        str(path.relative_to(upper)) for path in upper.rglob("*")
    )
    assert 0o700 == stat.S_IMODE((upper / "opt").stat().st_mode)
    assert not touched.upper.exists()
    assert not (upper / "opt/other").exists()
