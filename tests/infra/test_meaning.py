"""What the templates mean, as they are. test_mistakes.py shows that each check can fail."""

import pytest
from checks import CHECKS, World


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.mark.parametrize("name", CHECKS)
def test_meaning(world, name):
    assert list(CHECKS[name](world)) == []
