"""Fixtures of the system tests: real LiveKit server, real engines, one stack a test; one PostgreSQL and one Redis for all."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "services"))

from harness import Stack  # noqa: E402
from peer import People  # noqa: E402
from servers import Postgres, Redis  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed and (stack := item.funcargs.get("stack")):
        report.sections.append(("processes", stack.report()))
    return report


@pytest.fixture
def stack(tmp_path):
    """Empty: a test starts in it what it needs; all of it is ended with the test."""
    stack = Stack(tmp_path)
    yield stack
    stack.stop()


@pytest_asyncio.fixture
async def people(stack):
    """Makes independent LiveKit clients in the stack's rooms."""
    people = People(stack.url)
    yield people
    await people.leave()


@pytest.fixture(scope="session")
def postgres():
    # Not in pytest's own folder: the database server may run as another user, who could not reach it.
    directory = Path(tempfile.mkdtemp(prefix="ilenia-postgres-"))
    directory.chmod(0o755)
    server = Postgres(directory / "cluster")
    try:
        server.initialise()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()
