"""What the tests of figures share."""

import pytest
from matplotlib import pyplot as plt


@pytest.fixture
def ax():
    """An empty Axes."""
    return plt.figure().subplots()


@pytest.fixture(autouse=True)
def close_all():
    """Figures that a test leaves open are closed after it."""
    yield
    plt.close("all")
