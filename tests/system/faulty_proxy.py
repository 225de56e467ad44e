"""An HTTP proxy in front of the engines that can be told to refuse."""

from __future__ import annotations

import asyncio
import time

from aiohttp import ClientSession, web

from harness import free_port


class FaultyProxy:
    """Passes everything on to `upstream`; while `refuse_for` lasts, answers 503 with `estimated_time`."""

    def __init__(self, upstream: str):
        self.upstream, self.port = upstream, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.refused = self.passed = 0
        self._until = 0.0

    def refuse_for(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    async def __aenter__(self) -> FaultyProxy:
        self._session = ClientSession()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_exception) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if time.monotonic() < self._until:
            self.refused += 1
            left = max(0.5, min(2.0, self._until - time.monotonic()))
            return web.json_response({"error": "the model is loading", "estimated_time": left}, status=503)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        async with self._session.request(
            request.method, self.upstream + request.path_qs, data=body, headers=headers
        ) as answer:
            self.passed += 1
            await asyncio.sleep(0)
            return web.Response(
                body=await answer.read(), status=answer.status, content_type=answer.content_type,
            )
