"""A TCP proxy that can be cut, stalled and mended."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading


class Wire:
    """Passes connections on to a port of 127.0.0.1, from a port of its own."""

    def __init__(self, target_port: int):
        self.target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Resets every connection, and every new one."""
        with self._lock:
            self._cut = True
            for end in self._open:
                reset(end)
            self._open.clear()

    def stall(self) -> None:
        """Lets connections stand but carries nothing, as a dead router does."""
        self._flows.clear()

    def mend(self) -> None:
        """Carries everything again; connections that were cut stay so."""
        self._cut = False
        self._flows.set()

    def close(self) -> None:
        self._listener.close()
        self._flows.set()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        if self._cut:
            return reset(client)
        try:
            server = socket.create_connection(self.target)
        except OSError:
            return reset(client)
        with self._lock:
            self._open |= {client, server}
            late = self._cut
        if late:
            reset(client), reset(server)
            return None
        threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
        self._pump(client, server)
        return None

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def reset(end: socket.socket) -> None:
    """Ends a connection without the farewell of TCP."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Wakes whoever reads from it.
        end.shutdown(socket.SHUT_RD)
    end.close()
