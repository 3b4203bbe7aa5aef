"""What every test may use."""

pytest_plugins = [
    "pytester",
    "tests.support.fixtures",
    "tests.support.order",
    "tests.support.quick",
    "tests.support.requirements",
]
