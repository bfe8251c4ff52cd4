"""Finding a port to listen on, on this machine only."""

import socket

LOOPBACK = "127.0.0.1"


class NoFreePort(Exception):
    """Every port that was tried is in use."""


def free_port(preferred: int, *, tries: int = 200) -> int:
    """The preferred port of the loopback address or, where something listens there, the next that is free.

    Raises NoFreePort after `tries` ports. The port may be taken again before it is used, so who starts a server
    on it tries more than once.
    """
    for port in range(preferred, min(preferred + tries, 65536)):
        with socket.socket() as probe:
            # A port whose last connection is still closing is free to listen on, and servers do.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise NoFreePort(f"No port from {preferred} to {preferred + tries - 1} is free on {LOOPBACK}.")
