"""A module with one function for each thing that crosses the wire."""

# mypy: ignore-errors
# Its decorators make constructors that only the SDK's own plugin-less types describe.

import enum
import json
from typing import Annotated

import dagger
from dagger import DefaultPath, Doc, Ignore, dag, field, function, object_type

PYTHON = "python:3.11-slim"


@dagger.enum_type
class Direction(enum.Enum):
    """Which way to turn."""

    LEFT = "left"
    """Against the clock"""

    RIGHT = "right"


@object_type
class Wheel:
    """A wheel of the box."""

    teeth: int = field(default=12)
    label: dagger.File | None = field(default=None)

    @function
    def ratio(self, other: "Wheel") -> float:
        """How fast the other one turns."""
        return self.teeth / other.teeth

    @function
    def turned(self, direction: Direction = Direction.RIGHT) -> str:
        """Turn it."""
        return f"{self.teeth} teeth {direction.name} {direction.value}"


@object_type
class Gearbox:
    """Turns wheels."""

    source: Annotated[
        dagger.Directory,
        Doc("What to look at"),
        DefaultPath("/"),
        Ignore(["ignored", "module/src"]),
    ]
    size: int = 3
    token: dagger.Secret | None = None

    def _ticking(self, word: str) -> dagger.Container:
        counts = dag.cache_volume(f"counts-{word}")
        return dag.container().from_(PYTHON).with_mounted_cache("/counts", counts)

    async def _tick(self, word: str, stamp: str) -> str:
        at = self._ticking(word).with_env_variable("STAMP", stamp)
        return await at.with_exec(["sh", "-c", f"echo >> /counts/{word}"]).stdout()

    @function
    def echo(self, text: str, times: int = 1, loud: bool = False, scale: float = 1.0) -> str:
        """Give back what came."""
        return " ".join([text.upper() if loud else text] * times) + f" {scale} {self.size}"

    @function
    def join(self, words: list[str], end: str | None = None) -> str:
        """Join words."""
        return "-".join(words) + (end or "")

    @function
    async def tolerant(self) -> str:
        """Go on without what only the real engine has."""
        for leaf in (
            dag.container().publish("example.org/x"),
            dag.container().from_("mysql:8").sync(),
        ):
            try:
                await leaf
            except dagger.QueryError:
                continue
            return "had"
        return "did without"

    @function
    def nothing(self) -> None:
        """Do nothing."""

    @function
    def numbers(self) -> list[int]:
        """Count."""
        return [1, 2, 3]

    @function
    async def names(self) -> list[str]:
        """List the source."""
        return await self.source.entries()

    @function
    def wheel(self, teeth: int = 12) -> Wheel:
        """Make a wheel with a label."""
        return Wheel(teeth=teeth, label=dag.file("label", f"{teeth} teeth"))

    @function
    def wheels(self) -> list[Wheel]:
        """Make two."""
        return [Wheel(teeth=1), Wheel(teeth=2)]

    @function
    def built(self) -> dagger.Directory:
        """Make files from the source with a command."""
        at = dag.container().from_(PYTHON).with_mounted_directory("/src", self.source)
        return at.with_exec(["sh", "-c", "mkdir /out; ls /src > /out/list"]).directory("/out")

    @function
    def box(self) -> dagger.Container:
        """A container."""
        return dag.container().from_(PYTHON).with_env_variable("GEAR", "4")

    @function
    def tidy(self) -> dagger.Changeset:
        """Change the source."""
        return self.source.with_new_file("added.txt", "new").changes(self.source)

    @function
    async def measure(self, directory: dagger.Directory, file: dagger.File) -> str:
        """Look at what came."""
        return f"{await directory.entries()} {await file.contents()}"

    @function
    async def unlock(self, secret: dagger.Secret) -> str:
        """Look at the length of a secret, of the given one and of the object's."""
        own = await self.token.plaintext() if self.token else ""
        return f"{len(await secret.plaintext())} {len(own)}"

    @function
    async def keep(self) -> "Gearbox":
        """Return itself with a secret that it made."""
        self.token = dag.set_secret("made", "made-inside")
        return self

    @function
    async def kept(self) -> int:
        """Tell how long the object's secret is."""
        return len(await self.token.plaintext()) if self.token else 0

    @function
    async def default(self, word: str) -> str:
        """Count a run; the result is kept."""
        await self._tick(word, "default")
        return "done"

    @function(cache="session")
    async def session(self, word: str) -> str:
        """Count a run; the result is kept for the session."""
        import time

        await self._tick(word, str(time.time_ns()))
        return "done"

    @function(cache="never")
    async def never(self, word: str) -> str:
        """Count a run; the result is not kept."""
        import time

        await self._tick(word, str(time.time_ns()))
        return "done"

    @function
    async def looked(self, word: str) -> str:
        """Count a run that depends on the source."""
        import time

        await self._tick(word, str(time.time_ns()))
        return json.dumps(sorted(await self.source.glob("**")))

    @function
    def broken(self) -> str:
        """Raise."""
        raise ValueError("the gear slipped")

    @function
    async def command_fails(self, code: int) -> str:
        """Let a failed command pass through."""
        at = dag.container().from_(PYTHON)
        return await at.with_exec(["sh", "-c", f"echo said; echo why >&2; exit {code}"]).stdout()

    @function
    async def peeks(self) -> list[str]:
        """Try to look at the host."""
        return await dag.host().directory("/").entries()
