"""Suites that every implementation of an interface inherits."""

import pytest

pytest.register_assert_rewrite("tests.contract.store", "tests.contract.blobs")
for _part in ("reading", "writing", "journal", "quota", "bodies", "transactions"):
    pytest.register_assert_rewrite(f"tests.contract.store_{_part}")
