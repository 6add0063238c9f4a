"""A TCP proxy that is a network of some length: each direction delays what it carries by half of the round trip.

Every chunk has a due time of its own, so that requests sent without waiting for answers (pipelining) are all delayed once, and their
order is kept. Stands alone: it is a process of its own, because the clients' Python must not hold it up.
"""

import argparse
import asyncio
import selectors
import sys
from collections import deque


class Length:
    """Half of the round trip, in seconds; the same for all connections."""

    half = 0.0


class Way:
    """One direction of a connection. None in the queue is the end."""

    def __init__(self, length: Length, to: asyncio.Transport):
        self._length, self._to = length, to
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, bytes | None]] = deque()

    def carry(self, chunk: bytes | None) -> None:
        self._queue.append((self._loop.time() + self._length.half, chunk))
        # While there are others, their timer is set already. A later chunk never overtakes, even when the network became shorter.
        if len(self._queue) == 1:
            self._deliver()

    def _deliver(self) -> None:
        while self._queue:
            due, chunk = self._queue[0]
            if due > self._loop.time():
                self._loop.call_at(due, self._deliver)
                return
            self._queue.popleft()
            if chunk is not None:
                self._to.write(chunk)
            elif self._to.can_write_eof():
                self._to.write_eof()


class End(asyncio.Protocol):
    """One end of a connection; `way` leads to the other one, once that is there."""

    def __init__(self, length: Length):
        self.length, self.way, self.other, self.transport = length, None, None, None
        self._early: list[bytes | None] = []

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def leads_to(self, other: "End") -> None:
        self.other, self.way = other, Way(self.length, other.transport)
        for chunk in self._early:
            self.way.carry(chunk)

    def _carry(self, chunk: bytes | None) -> None:
        self.way.carry(chunk) if self.way else self._early.append(chunk)

    def data_received(self, chunk: bytes) -> None:
        self._carry(chunk)

    def eof_received(self) -> bool:
        self._carry(None)
        return True  # The other direction goes on.

    def connection_lost(self, error: Exception | None) -> None:
        if error and self.other:
            self.other.transport.abort()


class Door(End):
    """The end where a client came in: it opens the connection to the server."""

    def __init__(self, length: Length, server: tuple[str, int]):
        super().__init__(length)
        self._server = server

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        try:
            _, server = await asyncio.get_running_loop().create_connection(lambda: End(self.length), *self._server)
        except OSError:
            self.transport.abort()
            return
        self.leads_to(server)
        server.leads_to(self)


async def control(length: Length, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each line is a round trip in milliseconds, and answered once it holds."""
    while line := await reader.readline():
        length.half = float(line) / 2000
        writer.write(b"ok\n")
    writer.close()


async def serve(port: int, server: tuple[str, int], control_socket: str) -> None:
    length = Length()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Door(length, server), "127.0.0.1", port)
    await asyncio.start_unix_server(lambda reader, writer: control(length, reader, writer), control_socket)
    await listening.serve_forever()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--server", type=int, required=True)
    parser.add_argument("--control", required=True)
    options = parser.parse_args()
    # select() and not epoll, whose timers have a grain of a millisecond: as long as the shortest network here.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(serve(options.listen, ("127.0.0.1", options.server), options.control))
    return 0


if __name__ == "__main__":
    sys.exit(main())
