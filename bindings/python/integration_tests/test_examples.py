"""The examples that need other packages: each prints what is expected."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.append(str(TESTS))

from example_runs import EXAMPLES, INTEGRATED, check  # noqa: E402 - found where the others are


@pytest.mark.parametrize("name", INTEGRATED)
def test_the_example_prints_what_is_expected(name: str) -> None:
    check(name, INTEGRATED[name])


def test_the_app_guards_its_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    app = importlib.import_module("fastapi_app").app
    client = TestClient(app)

    def ask(path: str, key: str, amount: float) -> int:
        body = {"order": "A-1", "amount": amount}
        if path.startswith("/orders"):
            path, body = f"{path}?amount={amount}", {}
        return client.post(path, json=body, headers={"x-key": key}).status_code

    for path in ("/refunds", "/orders/A-1/refund", "/deep"):
        assert ask(path, "key-of-sam", 20) == 200
        assert ask(path, "key-of-sam", 2000) == 202
        assert ask(path, "key-of-max", 20) == 403
        assert ask(path, "guessed", 20) == 403
