"""Fixtures of the services' tests: one PostgreSQL and one Redis for all, services and databases for each that asks."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from people_of_tests import World  # noqa: E402
from platform_of_services import Platform, Postgres, Redis  # noqa: E402


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for value in item.funcargs.values():
            platform = value.platform if isinstance(value, World) else value
            if isinstance(platform, Platform):
                report.sections.append(("services", platform.report()))
    return report


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


@pytest.fixture
def new_platform(postgres, redis, tmp_path):
    """Empty databases; nothing started yet."""
    platform = Platform(postgres, redis, tmp_path / "services")
    yield platform
    platform.stop()


@pytest.fixture(scope="session")
def world(postgres, redis, tmp_path_factory):
    """Both services with two customers, people of every role, and something of every kind. Not to be damaged."""
    platform = Platform(postgres, redis, tmp_path_factory.mktemp("world") / "services")
    try:
        yield World(platform.start_both())
    finally:
        platform.stop()
