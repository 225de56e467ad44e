"""Fixtures of the services' tests: services and databases for each that asks."""

import pytest

from people_of_tests import World
from platform_of_services import Platform


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for value in item.funcargs.values():
            platform = value.platform if isinstance(value, World) else value
            if isinstance(platform, Platform):
                report.sections.append(("services", platform.report()))
    return report


@pytest.fixture
def new_platform(postgres, redis, tmp_path):
    """Empty databases; nothing started yet."""
    platform = Platform(postgres, redis, tmp_path / "services")
    yield platform
    platform.stop()


@pytest.fixture(scope="session")
def world(postgres, redis, tmp_path_factory):
    """All services with two customers, people of every role, and something of every kind. Not to be damaged."""
    platform = Platform(postgres, redis, tmp_path_factory.mktemp("world") / "services")
    try:
        yield World(platform.start_services())
    finally:
        platform.stop()
