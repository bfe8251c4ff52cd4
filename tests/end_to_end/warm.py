"""`rj` for a test that runs many of its commands: each a process of its own, forked from one that has imported all.

`python warm.py serve SOCKET` waits for commands; `python warm.py SOCKET ARGUMENTS` is the command, with its own
terminal, folder and environment.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path


def serve(path: str) -> None:
    """Run commands until killed."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import cli.failures  # noqa: F401 - what a command would import when it is run
    import runtime.asking
    import runtime.sealing.plugin  # noqa: F401
    import starter

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            message, terminal, _, _ = socket.recv_fds(connection, 1 << 20, 3)
            arguments, folder, environment = json.loads(message)
            for number, descriptor in enumerate(terminal):
                os.dup2(descriptor, number)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv = ["rj", *arguments]
            code: object = 1
            try:
                starter.main()
            except SystemExit as ended:
                code = ended.code
            sys.stdout.flush()
            connection.sendall(str(int(code) if isinstance(code, int) else 1).encode())
            os._exit(0)
        connection.close()


def command(path: str, arguments: list[str]) -> int:
    """Run one command; its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        message = json.dumps([arguments, str(Path.cwd()), dict(os.environ)]).encode()
        socket.send_fds(connection, [message], [0, 1, 2])
        return int(connection.recv(16) or b"1")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(command(sys.argv[1], sys.argv[2:]))
