"""Reads a stream of server-sent events (WHATWG HTML, section 9.2) in the background, with a bearer token."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass

import aiohttp


@dataclass
class Notice:
    """One event of a stream."""

    event: str
    data: dict
    id: str | None
    at: float


class EventStream:
    """One connection; what came over it is in `notices`. Used as a context."""

    def __init__(self, url: str, token: str | None, last_id: str | None = None):
        self.url, self.headers = url, {"accept": "text/event-stream"}
        if token is not None:
            self.headers["authorization"] = f"Bearer {token}"
        if last_id is not None:
            self.headers["last-event-id"] = last_id
        self.notices: list[Notice] = []
        self.ended = False

    @property
    def last_id(self) -> str | None:
        """Where to go on after this connection."""
        return next((notice.id for notice in reversed(self.notices) if notice.id), None)

    def of(self, event: str) -> list[dict]:
        return [notice.data for notice in self.notices if notice.event == event]

    def last(self, event: str) -> dict | None:
        return next(iter(self.of(event)[-1:]), None)

    async def __aenter__(self) -> EventStream:
        # Comments keep the connection alive: that nothing comes for long is a fault.
        timeout = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)
        self._session = aiohttp.ClientSession(timeout=timeout)
        self._answer = await self._session.get(self.url, headers=self.headers)
        text = "" if self._answer.status == 200 else await self._answer.text()
        assert self._answer.status == 200, f"{self.url}: {self._answer.status} {text}"
        assert self._answer.content_type == "text/event-stream", self._answer.content_type
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_exception) -> None:
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError):
            await self._reading
        self._answer.close()
        await self._session.close()

    async def _read(self) -> None:
        event, data, identifier = "message", [], None
        try:
            async for line in self._answer.content:
                text = line.decode().rstrip("\r\n")
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    event = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    identifier = value
                elif not text and data:
                    self.notices.append(Notice(event, json.loads("\n".join(data)), identifier, time.monotonic()))
                    event, data = "message", []
        finally:
            self.ended = True
