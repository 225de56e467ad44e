"""Listeners in LiveKit and outside are counted together, and the counts are right again after whatever happens."""

import asyncio
import time

from harness import until

RIGHT_WITHIN_S = 15
RENEW_EVERY_S = 5


class Connection:
    """A client outside LiveKit that follows a language, until it leaves or dies."""

    def __init__(self, person, event, language: str):
        self.person, self.path = person, f"/live/{event.id}/{language}"
        self.id: str | None = None
        self.renewing: asyncio.Task | None = None

    async def join(self) -> dict:
        joined = await self.person.post("orchestrator", f"{self.path}/join", {"connection_id": self.id} if self.id else {})
        assert self.id in (None, joined["connection_id"]), "renewing keeps the connection"
        self.id = joined["connection_id"]
        return joined

    async def live(self) -> None:
        await self.join()

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEW_EVERY_S)
                await self.join()

        self.renewing = asyncio.create_task(renew())

    def die(self) -> None:
        self.renewing.cancel()

    async def leave(self) -> None:
        if self.renewing is not None:
            self.renewing.cancel()
        await self.person.post("orchestrator", f"{self.path}/leave", {"connection_id": self.id})


async def stats(stage, event) -> dict[str, int]:
    counts = await stage["manager"].get("orchestrator", f"/live/{event.id}/stats")
    return present(counts)


def present(counts: dict[str, int] | None) -> dict[str, int]:
    """Without the languages that nobody follows."""
    return {language: count for language, count in (counts or {}).items() if count}


def in_redis(stage, event) -> dict[str, int]:
    """The counts as other programs read them."""
    words = stage.platform.redis.command("HGETALL", f"live:event:{event.id}:listeners").split()
    return present(dict(zip(words[::2], map(int, words[1::2]), strict=True)))


async def count_is(stage, event, expected: dict[str, int], within: float = RIGHT_WITHIN_S) -> float:
    """How long it took until the counts were these."""
    begun = time.monotonic()
    while (now := await stats(stage, event)) != expected:
        assert time.monotonic() - begun < within, f"{now}, not {expected}, after {within} s"
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


async def test_joins_leaves_and_renewals_are_counted(stage):
    event = await stage.event()
    first, second = (Connection(stage[name], event, "es-ES") for name in ("listener", "second_listener"))
    third = Connection(stage["listener"], event, "ca-ES")
    for connection in (first, second, third):
        await connection.join()
    await count_is(stage, event, {"es-ES": 2, "ca-ES": 1}, 3)
    for _ in range(3):
        await first.join()
    await count_is(stage, event, {"es-ES": 2, "ca-ES": 1}, 3)
    await second.leave()
    await second.leave()
    await count_is(stage, event, {"es-ES": 1, "ca-ES": 1}, 3)
    for path in (f"/live/{event.id}/fr-FR/join", "/live/999999999/es-ES/join"):
        assert (await stage["listener"].ask("POST", "orchestrator", path, json={})).status_code == 404, path
    await asyncio.gather(first.leave(), third.leave())
    await count_is(stage, event, {}, 3)


async def test_the_dead_and_the_forgotten_are_counted_right_within_15_s(stage):
    event = await stage.event()
    session = await stage.start(event)
    listeners = [await stage.listener(event, language) for language in ("es-ES", "ca-ES")]
    alive, dying = (Connection(stage[name], event, "es-ES") for name in ("listener", "second_listener"))
    await asyncio.gather(alive.live(), dying.live())
    async with stage.watch(event) as watch:
        await count_is(stage, event, {"es-ES": 3, "ca-ES": 1})
        await until(lambda: present(watch.last("listeners")) == {"es-ES": 3, "ca-ES": 1}, 5, "watch tells the counts")

        # One dies without a word, one changes its language, and Redis forgets everything meanwhile.
        dying.die()
        await listeners[1].room.local_participant.set_attributes({"language": "es-ES"})
        assert stage.platform.redis.command("FLUSHALL") == "OK"
        await count_is(stage, event, {"es-ES": 3})
        await until(lambda: present(watch.last("listeners")) == {"es-ES": 3}, 5, f"watch tells the counts: {watch.last('listeners')}")
        await until(lambda: in_redis(stage, event) == {"es-ES": 3}, 5, f"others read them: {in_redis(stage, event)}")

        # Never below zero, whoever leaves twice.
        await asyncio.gather(alive.leave(), listeners[0].leave(), listeners[1].leave())
        await alive.leave()
        await count_is(stage, event, {})
    await stage.stop(event, session)
    await stage.empty()
