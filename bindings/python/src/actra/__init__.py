"""Actra decides, before an operation runs, whether it is allowed, blocked or needs approval.

from actra import Actra, ActraRuntime

policy = Actra.from_directory("./policy")
runtime = ActraRuntime(policy)

@runtime.admit(action_type="refund")
def refund(amount: int) -> None: ...
"""

from typing import TYPE_CHECKING, Any

from ._default import admit, audit, default_runtime, load
from ._table import DecisionTable
from .errors import (
    ActraAnalysisError,
    ActraApprovalRequired,
    ActraArtifactError,
    ActraCompileError,
    ActraError,
    ActraInputError,
    ActraLogError,
    ActraPolicyError,
    ActraRefusedError,
    ActraSchemaError,
    ActraWarning,
)
from .policy import Actra, Policy
from .runtime import ActraRuntime
from .types import Action, Actor, Context, Decision, Snapshot

if TYPE_CHECKING:
    from .analysis import diff
    from .decision_log import DecisionLog
    from .events import DecisionEvent, ReloadEvent
    from .integrations.mcp.context import ActraMCPContext as ActraContext
    from .store import PolicyStore

load_policy_from_file = Actra.from_files
load_policy_from_string = Actra.from_strings
compiler_version = Actra.compiler_version

# The package and the library are of one version.
__version__ = compiler_version()

__all__ = [
    "Action",
    "Actor",
    "Actra",
    "ActraAnalysisError",
    "ActraApprovalRequired",
    "ActraArtifactError",
    "ActraCompileError",
    "ActraContext",
    "ActraError",
    "ActraInputError",
    "ActraLogError",
    "ActraPolicyError",
    "ActraRefusedError",
    "ActraRuntime",
    "ActraSchemaError",
    "ActraWarning",
    "Context",
    "Decision",
    "DecisionEvent",
    "DecisionLog",
    "DecisionTable",
    "Policy",
    "PolicyStore",
    "ReloadEvent",
    "Snapshot",
    "__version__",
    "admit",
    "audit",
    "compiler_version",
    "default_runtime",
    "diff",
    "load",
    "load_policy_from_file",
    "load_policy_from_string",
]


def __getattr__(name: str) -> Any:
    """Names of dataclasses, whose module is not cheap to import, come when they are asked for, and
    so do the modules that hold them."""
    from importlib import import_module

    if name in ("analysis", "decision_log", "events", "integrations", "store"):
        return import_module(f"{__name__}.{name}")
    modules = {
        "ActraContext": "integrations.mcp",
        "DecisionEvent": "events",
        "DecisionLog": "decision_log",
        "PolicyStore": "store",
        "ReloadEvent": "events",
        "diff": "analysis",
    }
    if name not in modules:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{modules[name]}")
    found = getattr(module, "ActraMCPContext" if name == "ActraContext" else name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
