"""Runs inside a module's sandbox: imports the SDK and the module once, then forks per call.

Importing the SDK costs about a second, a fork some milliseconds; a call's state dies with its
process all the same. This file is sent as program text to the module's own interpreter, so it
imports nothing of Stiletto, and nothing at all beyond the standard library before the SDK.

It is given a directory that holds three kinds of named pipes:

    jobs        engine -> worker   one JSON line per call: {"job": 1, "env": {...}}
                                   when the command is interrupted: {"job": 1, "end": true}
    done        worker -> engine   one JSON line per end:  {"job": 1, "code": 0}
                                   answers an interruption: {"job": 1, "handles": false}
    out-1       call   -> engine   what the call prints
"""

import gc
import json
import os
import pathlib
import sys
import traceback

COLLECT_AFTER = 20_000
"""New objects until the collector runs: a call lives too short for Python's 700."""


def serve(directory: str) -> None:
    """Fork a process for every job until the engine closes the pipe."""
    gc.disable()  # what is imported is no garbage
    import dagger.mod.cli as sdk

    try:
        module = sdk.get_entry_point().load().__dagger_module__
    except Exception:
        module = None  # each call loads it again, and reports why it cannot
    # No call looks through it again, which took a fifth of a registration; nor copies its pages.
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    gc.enable()
    done = os.open(f"{directory}/done", os.O_WRONLY)
    running: dict[int, int] = {}

    def reap(block: bool) -> None:
        while running:
            pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            line = {"job": running.pop(pid), "code": code if code >= 0 else 128 - code}
            os.write(done, json.dumps(line).encode() + b"\n")

    import select
    import signal

    # A signal's arrival wakes the select below, so that ends are told as soon as they happen.
    wake, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    jobs = os.open(f"{directory}/jobs", os.O_RDONLY)
    pending = b""
    while True:
        ready, _, _ = select.select([jobs, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            reap(block=False)
        if jobs not in ready:
            continue
        data = os.read(jobs, 65536)
        if not data:
            break
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            job = json.loads(line)
            if "end" in job:
                handles = any(_ended(pid) for pid, own in running.items() if own == job["job"])
                answer = {"job": job["job"], "handles": handles}
                os.write(done, json.dumps(answer).encode() + b"\n")
                continue
            pid = os.fork()
            if pid == 0:
                _child(directory, job, sdk, module)
            running[pid] = job["job"]
    reap(block=True)


def _ended(pid: int) -> bool:
    """Send SIGTERM to a call that handles it; return whether it does, as far as /proc shows."""
    import signal

    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    if not caught or not int(caught[0], 16) >> (signal.SIGTERM - 1) & 1:
        return False
    os.kill(pid, signal.SIGTERM)
    return True


# Types of the SDK, and `typing`, would have to be imported before the SDK is.
def _child(directory: str, job: dict, sdk, module) -> None:  # type: ignore[no-untyped-def,type-arg]
    """Answer one call and leave; never returns."""
    import inspect
    import signal

    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        out = os.open(f"{directory}/out-{job['job']}", os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.update(job["env"])
        scratch = pathlib.Path.cwd() / str(job["job"])
        scratch.mkdir()
        os.chdir(scratch)
        # Before 0.19 it takes nothing, and finds the module itself.
        takes_module = bool(inspect.signature(sdk.app).parameters)
        code = (sdk.app(module) if takes_module else sdk.app()) or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
