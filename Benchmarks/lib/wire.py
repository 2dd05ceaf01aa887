"""A proxy on loopback that counts what goes through it: bytes each way, connections, round trips."""
import asyncio
import threading


class Counter:
    """Forwards to a port; `port` is its own. Counts from the last `reset`."""

    def __init__(self, target):
        self.target = target
        self.reset()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()

        def serve():
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(asyncio.start_server(self.handle, "127.0.0.1", 0))
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=serve, daemon=True).start()
        ready.wait()

    def reset(self):
        self.up = self.down = self.connections = self.trips = 0

    @property
    def bytes(self):
        return self.up + self.down

    async def handle(self, reader, writer):
        self.connections += 1
        state = {"up": False}
        reader2, writer2 = await asyncio.open_connection("127.0.0.1", self.target)

        async def pump(source, sink, is_up):
            try:
                while data := await source.read(1 << 16):
                    if is_up:
                        self.up += len(data)
                        # A round trip begins where sending begins after the other side spoke.
                        self.trips += not state["up"]
                    else:
                        self.down += len(data)
                    state["up"] = is_up
                    sink.write(data)
                    await sink.drain()
                if sink.can_write_eof():
                    sink.write_eof()
            except OSError:
                pass

        await asyncio.gather(pump(reader, writer2, True), pump(reader2, writer, False))
        for sink in (writer, writer2):
            sink.close()
