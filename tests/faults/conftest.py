"""The process that forks children for the fault tests."""

from collections.abc import Iterator

import pytest

from tests.faults.driver import Driver


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    started = Driver()
    yield started
    started.close()
