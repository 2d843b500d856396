"""Test suites as classes, one per port: inherit, override the fixture, and the implementation is judged."""

from pkgutil import iter_modules

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in iter_modules(__path__)))
