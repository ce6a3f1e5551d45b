"""Run by git as pre-receive and post-receive: asks the server of the stand-in, over a socket.

The server decides; this program says so to git. Its own file because git starts it with an
interpreter that knows nothing of this project.
"""

from __future__ import annotations

import json
import os
import socket
import sys


def main() -> int:
    """Return git's verdict: 0 to go on."""
    question = {
        "hook": os.path.basename(sys.argv[0]),  # noqa: PTH119 - pathlib takes 20 ms to import
        "request": os.environ["STANDIN_REQUEST"],
        "lines": sys.stdin.read().splitlines(),
        "environment": {
            name: value for name, value in os.environ.items() if name.startswith("GIT_")
        },
    }
    with socket.create_connection(("127.0.0.1", int(os.environ["STANDIN_PORT"]))) as asking:
        asking.sendall(json.dumps(question).encode())
        asking.shutdown(socket.SHUT_WR)
        with asking.makefile() as answering:
            verdict = json.load(answering)
    sys.stderr.write(verdict["said"])
    return int(verdict["code"])


if __name__ == "__main__":
    sys.exit(main())
