"""A pod whose documents are read."""

from __future__ import annotations

import pytest

from tests.unit.index.documents import pod_in


@pytest.fixture
def pod(tmp_path):
    with pod_in(tmp_path) as made:
        yield made
