"""Runs the contract suites' coroutines, LangChain's among them, in a thread of their own."""

from __future__ import annotations

import inspect

import pytest

from tests.loops import run


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """pytest-asyncio would run them in the thread that the browser tests share; pyproject.toml leaves it out."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
