"""FastAPI routes behind a policy. Needs `actra[fastapi]`; `uvicorn fastapi_app:app` serves it."""

from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from actra import Actra, ActraRuntime
from actra.integrations.fastapi import ActraGuard, add_exception_handlers

POLICIES = Path(__file__).parent / "policies"
# Stands for a session or a verified token: never for what a client says of itself.
ROLES = {"key-of-sam": "support", "key-of-max": "marketing"}

runtime = ActraRuntime(Actra.from_directory(POLICIES / "refunds"))
runtime.set_actor_resolver(
    lambda request: {"role": ROLES.get(request.headers.get("x-key"), "none")}
)
runtime.set_snapshot_resolver(lambda request: {"fraud_flag": False, "refunded_today": 0})

# An approval is answered with 202 where the host files the request, and with 409 where the client
# is to come back.
guard = ActraGuard(runtime, approval_status=202)
app = FastAPI()
add_exception_handlers(app, approval_status=202)


class Refund(BaseModel):
    """What a client sends."""

    order: str
    amount: float


def fields_of(refund: Refund) -> Refund:
    """Give a dependency the fields: FastAPI has validated them."""
    return refund


@app.post("/refunds", dependencies=[Depends(guard.requires("refund", fields_of))])
async def create_refund(refund: Refund) -> dict[str, Any]:
    """Guard with a dependency."""
    return {"refunded": refund.amount}


@app.post("/orders/{order}/refund")
@guard.route("refund")
def refund_order(order: str, amount: float) -> dict[str, Any]:
    """Guard the endpoint itself: the policy sees what it gets."""
    return {"refunded": amount, "order": order}


@runtime.admit(action_type="refund")
def pay(amount: float, ctx: Request) -> None:
    """Guard a function somewhere below: `add_exception_handlers` makes answers of its errors."""


@app.post("/deep")
def deep(refund: Refund, request: Request) -> str:
    """Call it."""
    pay(refund.amount, ctx=request)
    return "paid"
