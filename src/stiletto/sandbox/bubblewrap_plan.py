"""Plans a step in bubblewrap: which operations, over which files.

    /               overlay: image layer, the step's layers, and `step.upper` for writes
    image's binds   directories as overlays: the host's lowest, then the layers, then writes;
                    single files read-only
    /proc, /dev     the sandbox's own
    step's mounts   parents first

It reads directories, to see what covers what, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from stiletto.errors import UsageError
from stiletto.layers.binds import bind_sources
from stiletto.layers.layer import Bind, Layer
from stiletto.layers.paths import parents, relative
from stiletto.layers.view import View
from stiletto.sandbox import operations as ops
from stiletto.sandbox.certificates import STORE, public_binds
from stiletto.sandbox.host_environment import CERTIFICATES, PROXY_VARIABLES, environment, passed_on
from stiletto.sandbox.hosts import HOSTS_FILE, hosts_file
from stiletto.sandbox.plan import BindMount, Mount, OverlayMount, SecretMount, Step, TempMount
from stiletto.sandbox.seccomp import filter_here
from stiletto.sandbox.skeleton import home_of
from stiletto.sandbox.writable_binds import WritableBind, writable_bind


@dataclass(frozen=True, slots=True)
class Plan:
    """A step, ready to run: operations, its environment, and the files beneath.

    `below` is the root without `step.upper`, `base` the same with the image's binds; `mounts` have
    their links resolved; `stubs` are the container paths where mounting may leave an empty file or
    directory in an upper layer; `written` are the directories of the host that can be written to.
    """

    operations: tuple[ops.Operation, ...]
    view: View
    mounts: tuple[Mount, ...]
    stubs: tuple[str, ...]
    base: View
    written: tuple[WritableBind, ...] = ()
    secret_files: Mapping[str, Path] = field(default_factory=dict)

    def below(self, point: str = "") -> View:
        """Return what was mounted at a point before the step, seen by itself."""
        return View(self.view.mounts[point])

    def nested(self) -> tuple[list[str], Sequence[ops.Operation]]:
        """Return options for an outer bubblewrap, and the operations to do inside it.

        The outer one is needed only where a mount takes more than one page of options.
        """
        overlays = [o for o in self.operations if isinstance(o, ops.Overlay)]
        if any(ops.options_size(overlay) > ops.OPTIONS_MAX_BYTES for overlay in overlays):
            return ops.nested(self.operations)
        return [], self.operations


def depth(mount: Bind | Mount) -> int:
    """Return by what binds and mounts are ordered: parents first."""
    return relative(mount.target).count("/")


def _mounted(mount: Mount) -> tuple[Layer, ...]:
    match mount:
        case BindMount(source=source) | OverlayMount(lower=source):
            return (Layer(source),)
        case _:
            return ()


def _mount_operation(mount: Mount, secret_files: Mapping[str, Path]) -> ops.Operation:
    match mount:
        case SecretMount(target) if target in secret_files:
            return BindMount(target, secret_files[target])
        case OverlayMount(target, lower, upper, work):
            return ops.Overlay((lower,), target, upper, work)
        case SecretMount(target, contents, mode, _):
            return ops.Data(target, contents, mode)
        case BindMount() | TempMount():
            return mount


def _contents(view: View, path: str) -> bytes | None:
    """Return the contents of a file of the container, None if it cannot be read."""
    try:
        return view.read(path)
    except UsageError:
        return None


@cache
def _hidden() -> tuple[str, ...]:
    """Return what /proc shows of the whole machine: the names of its keys."""
    return tuple(path for path in ("/proc/keys",) if Path(path).exists())


def _store_of(passed: Mapping[str, str], step: Step) -> Path | None:
    """Return the file of authorities that the host names, to be shown as the step's store."""
    named = Path(passed.get("SSL_CERT_FILE", "/"))
    if not any(bind.target == "/usr" for bind in step.image.binds):
        return None
    try:
        # In a directory of the host that is shown as it is, only what is there can be covered.
        room = Path(STORE).is_file() or not Path(STORE).parent.exists()
        same = Path(STORE).is_file() and named.samefile(STORE)
    except OSError:
        return None
    return named if named.is_file() and room and not same else None


def plan_step(
    step: Step,
    image_root: Layer,
    host_env: Mapping[str, str],
    *,
    ranged: bool = False,
    secret_files: Mapping[str, Path] = MappingProxyType({}),
    own: Mapping[Path, Path] = MappingProxyType({}),
) -> Plan:
    """Return what bubblewrap has to do for this step. Reads directories; writes nothing.

    `ranged`: the step gets a user namespace with a range of users. `secret_files`: where secrets of
    other owners lie, by the target in the step. `own`: what lies over directories of the host, see
    `own_directories`.
    """
    passed = passed_on(host_env)
    binds = list(step.image.binds)
    if store := _store_of(passed, step):
        # What the host's programs trust stands where programs look that read no variable.
        binds = [bind for bind in binds if bind.target != STORE]
        binds += public_binds(store, STORE)
    for name in CERTIFICATES:
        certificates = passed.get(name, "")
        if name in step.env or not certificates or not Path(certificates).exists():
            continue
        covered = any(
            str(bind.host) == bind.target
            and relative(bind.target) in parents(relative(certificates))
            for bind in binds
        )
        if not covered:
            binds += public_binds(Path(certificates), certificates)

    shown: list[ops.Operation] = []
    sources_at: dict[str, list[Layer]] = {}
    written: list[WritableBind] = []
    layers = (image_root, *step.layers)
    for bind in sorted(binds, key=depth):
        sources = bind_sources(bind, layers)
        if not sources:
            continue
        point = relative(bind.target)
        sources_at[point] = sources
        if not bind.host.is_dir():
            shown.append(BindMount(bind.target, bind.host))
            continue
        place = writable_bind(point, sources[-1].root, step.upper, len(written))
        written.append(place)
        covers = [own[bind.host]] if bind.host in own else []
        roots = (sources[0].root, *covers, *(source.root for source in sources[1:]))
        shown.append(ops.Overlay(roots, bind.target, place.upper, place.work))
    stubs = [*sources_at]
    base = view = View(layers).mounted(sources_at)
    mounts: list[Mount] = []
    files: dict[str, Path] = {}
    for mount in sorted(step.mounts, key=depth):
        placed = replace(mount, target=view.resolve(mount.target))
        mounts.append(placed)
        if mount.target in secret_files:
            files[placed.target] = secret_files[mount.target]
        view = view.mounted({relative(placed.target): _mounted(placed)})
        stubs.append(relative(placed.target))

    named: list[ops.Operation] = []
    if step.hosts:
        at = view.resolve(HOSTS_FILE)
        contents = hosts_file(_contents(view, HOSTS_FILE), step.hosts)
        named.append(ops.Data(at, contents, mode=0o644, secret=False))
        stubs.append(relative(at))

    workdir = view.resolve(step.workdir or "/")
    home = home_of(step.uid, _contents(view, "/etc/passwd"))
    variables = environment(step, passed, home)
    # A proxy's address with a password in it: that of the session's relay.
    secret_names = set(step.secret_env) | {
        name for name in PROXY_VARIABLES if name not in step.env and "@" in passed.get(name, "")
    }
    there = view.find(workdir)
    missing = relative(workdir) not in view.mounts and (there is None or there.host is None)
    system_calls = filter_here(owners_are_real=ranged)
    lowers = tuple(layer.root for layer in layers)
    return Plan(
        operations=(
            ops.Namespaces(step.uid, step.gid, step.hostname, ranged, step.init),
            *([] if system_calls is None else [ops.Filter(system_calls)]),
            ops.Overlay(lowers, "/", step.upper, step.work),
            *shown,
            ops.Kernel(hidden=_hidden()),
            *(_mount_operation(mount, files) for mount in mounts),
            *named,
            *([ops.MakeDirectory(workdir)] if missing else []),
            *(
                ops.SetEnvironment(name, value, secret=name in secret_names)
                for name, value in sorted(variables.items())
            ),
            ops.Chdir(workdir),
        ),
        view=view,
        mounts=tuple(mounts),
        stubs=tuple(stubs),
        base=base,
        written=tuple(written),
        secret_files=secret_files,
    )
