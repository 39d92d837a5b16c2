"""Contracts: what vendors have published, and what every provider must keep."""

import pytest

pytest.register_assert_rewrite("tests.contracts.provider_contract")
