"""Actra, this one and the 0.7.8 package: the same code, and for 0.7.8 the documents that it can
read."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from time import perf_counter_ns
from typing import Any

import version_1
from operations import Each, Operation, told
from workload import ACTIONS, Context, Workload

from actra import Actra, ActraPolicyError, ActraRuntime

IS_VERSION_1 = version("actra").startswith("0.7.")
BATCH = 256
ROWS = 262_144


def operations(workload: Workload) -> dict[str, Callable[[], Operation]]:
    """What Actra can be asked for."""
    documents = (workload.schema, workload.policy)
    if IS_VERSION_1:
        documents = version_1.documents(workload)
    policy = Actra.from_strings(*documents)
    found: dict[str, Callable[[], Operation]] = {
        "evaluate": lambda: Each(policy.evaluate, workload.written(), _tell),
        "evaluate-parsed": lambda: Each(policy.evaluate, workload.parsed(), _tell),
        "import": lambda: Fresh(IMPORT),
        "start": lambda: Fresh(""),
    }
    if workload.roles is None:
        found["admit"] = lambda: Admitted(policy, workload.written())
    if hasattr(policy, "evaluate_many"):
        found["evaluate-many"] = lambda: Batches(policy.evaluate_many, workload.written())
        found["evaluate-table"] = lambda: Table(policy, workload.written())
    return found


def _tell(decision: dict[str, Any]) -> str:
    rule = decision["matched_rule"]
    return told(decision["effect"], version_1.rule_of(rule) if IS_VERSION_1 else rule)


class Batches:
    """A call for many inputs at once. Times are of an input."""

    def __init__(
        self, call: Callable[[list[Context]], list[Any]], inputs: Sequence[Context]
    ) -> None:
        self._call = call
        self._inputs = inputs
        self._next = itertools.cycle(inputs)

    def decide(self) -> Iterable[str]:
        """As of `Operation`."""
        return [_tell(decision) for decision in self._call(list(self._inputs))]

    def run(self, turns: int) -> int:
        """As of `Operation`: in batches, the last of which may be smaller."""
        sizes = [BATCH] * (turns // BATCH) + [turns % BATCH] * (turns % BATCH > 0)
        batches = [list(itertools.islice(self._next, size)) for size in sizes]
        call = self._call
        start = perf_counter_ns()
        for batch in batches:
            call(batch)
        return perf_counter_ns() - start


class Table:
    """A call for the rows of a table of pyarrow's, whose strings are in dictionaries. Times are of
    a row."""

    def __init__(self, policy: Any, inputs: Sequence[Context]) -> None:
        # Where it is measured, it is there; 0.7.8 has no tables.
        import pyarrow as pa

        names = {(domain, name) for given in inputs for domain in given for name in given[domain]}
        columns = {}
        for domain, name in sorted(names):
            column = pa.array([given.get(domain, {}).get(name) for given in inputs])
            is_text = pa.types.is_string(column.type)
            columns[f"{domain}.{name}"] = column.dictionary_encode() if is_text else column
        self._call = policy.evaluate_table
        self._inputs = pa.table(columns)
        copies = pa.concat_tables([self._inputs] * (ROWS // len(inputs)))
        # One chunk with one dictionary, as a file's row group has it.
        self._rows = copies.unify_dictionaries().combine_chunks()

    def decide(self) -> Iterable[str]:
        """As of `Operation`."""
        decisions = self._call(self._inputs)
        if any(decisions.error):
            raise RuntimeError("rows are in error")
        return [
            told(effect or "", rule)
            for effect, rule in zip(decisions.effect, decisions.matched_rule, strict=True)
        ]

    def run(self, turns: int) -> int:
        """As of `Operation`: whole tables, and then a part of one."""
        whole, rest = divmod(turns, len(self._rows))
        tables = [self._rows] * whole + [self._rows.slice(0, rest)] * (rest > 0)
        call = self._call
        start = perf_counter_ns()
        for table in tables:
            call(table)
        return perf_counter_ns() - start


class Admitted:
    """Calls of functions under `@admit`, a function for each action. The context has the actor and
    the snapshot at hand. What is refused raises."""

    def __init__(self, policy: Any, contexts: Iterable[Context]) -> None:
        runtime = ActraRuntime(policy)
        runtime.set_actor_resolver(lambda ctx: ctx["actor"])
        runtime.set_snapshot_resolver(lambda ctx: ctx["snapshot"])
        functions = {action: _guarded(runtime, action) for action in ACTIONS}
        self._calls: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        for context in contexts:
            kwargs = {key: value for key, value in context["action"].items() if key != "type"}
            kwargs["ctx"] = context
            self._calls.append((functions[context["action"]["type"]], kwargs))
        self._next = itertools.cycle(self._calls)

    def decide(self) -> Iterable[str]:
        """As of `Operation`: effects alone, since a function that runs hears of no rule."""
        for function, kwargs in self._calls:
            try:
                ran = function(**kwargs)
            except ActraPolicyError as error:  # noqa: PERF203 - one call at a time
                yield told(error.decision["effect"])
            else:
                if ran is not kwargs["ctx"]:
                    raise RuntimeError("the function did not run, and nothing was raised")
                yield told("allow")

    def run(self, turns: int) -> int:
        """As of `Operation`."""
        calls = list(itertools.islice(self._next, turns))
        start = perf_counter_ns()
        for function, kwargs in calls:
            try:  # noqa: SIM105 - which costs a call of its own
                function(**kwargs)
            except ActraPolicyError:  # noqa: PERF203 - one call at a time
                pass
        return perf_counter_ns() - start


def _guarded(runtime: ActraRuntime, action: str) -> Callable[..., Any]:
    @runtime.admit(action_type=action)
    def call(
        amount: int,  # noqa: ARG001 - the policy looks at them
        currency: str,  # noqa: ARG001
        target: str,  # noqa: ARG001
        express: bool = False,  # noqa: ARG001
        ctx: Any = None,
    ) -> Any:
        return ctx

    return call


# The interpreter's own imports are over by then; what `actra` imports counts.
IMPORT = (
    "from time import perf_counter_ns as now; start = now(); import actra; print(now() - start)"
)


class Fresh:
    """New interpreters: what an import takes within them, or, without one, what they take to start
    and end."""

    def __init__(self, code: str) -> None:
        self._code = code

    def decide(self) -> Iterable[str]:
        """Nothing can be decided by it."""
        raise ValueError("it decides nothing")

    def run(self, turns: int) -> int:
        """So many interpreters."""
        taken = 0
        for _ in range(turns):
            start = perf_counter_ns()
            # -I: with nothing of this process's folder or settings in its way.
            command = [sys.executable, "-I", "-c", self._code]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
            taken += int(done.stdout) if self._code else perf_counter_ns() - start
        return taken
