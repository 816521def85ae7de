"""What must work wherever the wheel is installed, with nothing beside it: a script."""

import sys
import tempfile
from pathlib import Path

import actra
from actra import Actra, ActraInputError, ActraPolicyError, ActraRuntime

SCHEMA = (
    "version: 1\nactions: {refund: {fields: {amount: number}}}\nactor: {fields: {role: string}}\n"
)
POLICY = """
version: 2
rules:
  - {id: small, scope: {action: refund}, when: action.amount <= 1000, effect: allow}
"""

assert "site-packages" in actra.__file__, actra.__file__
assert not {"cffi", "_cffi_backend"} & set(sys.modules)
assert (Path(actra.__file__).parent / "py.typed").is_file()

policy = Actra.from_strings(SCHEMA, POLICY)
runtime = ActraRuntime(policy)


@runtime.admit()
def refund(amount):
    return amount


assert refund(5) == 5
try:
    refund(5000)
except ActraPolicyError as error:
    assert error.effect == "block"
else:
    raise AssertionError("it ran")
try:
    refund("5")
except ActraInputError as error:
    assert error.code == "wrong_type"
else:
    raise AssertionError("it ran")
with tempfile.TemporaryDirectory() as directory:
    policy.save(Path(directory) / "refund.actra")
    again = Actra.from_artifact(Path(directory) / "refund.actra")
    assert again.policy_hash() == policy.policy_hash()
assert policy.explain({"action": {"type": "refund", "amount": 5}}, render=False)["decision"]
print(f"actra {actra.__version__} works on Python {sys.version.split()[0]}")
