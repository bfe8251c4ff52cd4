"""Finding a port to listen on, on this machine only."""

import socket

LOOPBACK = "127.0.0.1"


class NoFreePort(Exception):
    """Every port that was tried is in use."""


def free_port(preferred: int, *, tries: int = 200) -> int:
    """The preferred port of the loopback address or, where something listens there, the next that is free.

    Raises NoFreePort after `tries` ports. Another process may take the port before it is used, so the caller should
    try more than once.
    """
    for port in range(preferred, min(preferred + tries, 65536)):
        with socket.socket() as probe:
            # As servers do: a port whose last connection is still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise NoFreePort(f"No port from {preferred} to {preferred + tries - 1} is free on {LOOPBACK}.")
