"""An HTTP proxy in front of the engines that can be told to refuse, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from aiohttp import ClientSession, web

from harness import free_port


@dataclass
class Asked:
    """One request: when (monotonic), at which path, and the language a translation was asked in."""

    at: float
    path: str
    target_language: str | None


class FaultyProxy:
    """Passes everything on to `upstream`; while told to refuse, answers 503 with `estimated_time`."""

    def __init__(self, upstream: str):
        self.upstream, self.port = upstream, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.refused = self.passed = 0
        self.asked: list[Asked] = []
        self._until, self._paths = 0.0, ""

    def refuse_for(self, seconds: float, paths: str = "") -> None:
        """Refuses what begins with `paths`."""
        self._until, self._paths = time.monotonic() + seconds, paths

    def refuse(self, paths: str = "") -> None:
        """Refuses until `admit`."""
        self.refuse_for(float("inf"), paths)

    def remaining(self) -> float:
        """How long it still refuses."""
        return max(0.0, self._until - time.monotonic())

    def admit(self) -> None:
        self._until = 0.0

    def translations(self, language: str) -> list[Asked]:
        """What was asked to be translated into a language."""
        return [asked for asked in self.asked if asked.target_language == language]

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
        self.asked.append(Asked(time.monotonic(), request.path, target_language(request, body)))
        left = self.remaining()
        if left > 0 and request.path.startswith(self._paths):
            self.refused += 1
            estimated = max(0.5, min(2.0, left))
            return web.json_response({"error": "the model is loading", "estimated_time": estimated}, status=503)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
        async with self._session.request(
            request.method, self.upstream + request.path_qs, data=body, headers=headers
        ) as answer:
            self.passed += 1
            await asyncio.sleep(0)
            return web.Response(
                body=await answer.read(), status=answer.status, content_type=answer.content_type,
            )


def target_language(request: web.Request, body: bytes) -> str | None:
    """What a chat completion is asked to translate into."""
    if not request.path.endswith("/chat/completions"):
        return None
    return json.loads(body).get("metadata", {}).get("target_language")
