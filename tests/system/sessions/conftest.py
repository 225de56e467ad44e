"""Fixtures of the sessions' tests: engines for all, a stage with services of its own for each module."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from cuttable_wire import Wire  # noqa: E402
from faulty_proxy import FaultyProxy  # noqa: E402
from harness import Process, free_port, ilenia_binary, wait_for_http  # noqa: E402
from platform_of_services import Platform  # noqa: E402
from servers import Redis  # noqa: E402
from stage import Stage  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and isinstance(stage := item.funcargs.get("stage"), Stage):
        report.sections.append(("services", stage.platform.report()))
    return report


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """The address of the offline engines."""
    port, log = free_port(), tmp_path_factory.mktemp("engines") / "engines.log"
    process = Process("engines", [str(ilenia_binary()), "engines", "--port", str(port)], log).start()
    wait_for_http(f"http://127.0.0.1:{port}/health", process)
    yield f"http://127.0.0.1:{port}"
    process.stop()


@pytest_asyncio.fixture(scope="module")
async def stage(postgres, engines, tmp_path_factory):
    """Services, LiveKit server and Redis of the module's own, with people who have signed in."""
    directory = tmp_path_factory.mktemp("stage")
    redis, wire = Redis(directory), Wire(postgres.port)
    async with FaultyProxy(engines) as proxy:
        platform = Platform(postgres, redis, directory, proxy.url)
        platform.database_port = wire.port
        stage = Stage(platform, proxy, wire)
        try:
            platform.start_services()
            yield await stage.fill()
        finally:
            await stage.empty()
            platform.stop()
            wire.close()
            redis.stop()
