"""What a door can be asked for, and how it is timed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter_ns
from typing import Any, Protocol, TypeVar

Input = TypeVar("Input")
Answer = TypeVar("Answer")


class Operation(Protocol):
    """Something that can be measured."""

    def decide(self) -> Iterable[str]:
        """A line for each input: the effect, a tab, the rule or `-`."""
        ...

    def run(self, turns: int) -> int:
        """Decides so many inputs, going on where the run before ended: how many nanoseconds that
        took."""
        ...


class Each:
    """A call for each input, in their order."""

    def __init__(
        self,
        call: Callable[[Input], Answer],
        inputs: Sequence[Input],
        tell: Callable[[Answer], str],
    ) -> None:
        self._call: Callable[[Any], Any] = call
        self._inputs: Sequence[Any] = inputs
        self._tell: Callable[[Any], str] = tell
        self._next = itertools.cycle(inputs)

    def decide(self) -> Iterable[str]:
        """As of `Operation`."""
        return [self._tell(self._call(given)) for given in self._inputs]

    def run(self, turns: int) -> int:
        """As of `Operation`."""
        call = self._call
        inputs = list(itertools.islice(self._next, turns))
        start = perf_counter_ns()
        for given in inputs:
            call(given)
        return perf_counter_ns() - start


class Made:
    """Operations, each made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Operation]]) -> None:
        self._makers = makers
        self._made: dict[str, Operation] = {}

    @property
    def names(self) -> Iterable[str]:
        """What there is."""
        return self._makers

    def operation(self, name: str) -> Operation:
        """The operation of that name."""
        if name not in self._makers:
            raise ValueError(f"there is no operation `{name}`")
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]


def told(effect: str, rule: str | None = None) -> str:
    """A decision as doors tell it."""
    return f"{effect}\t{rule or '-'}"


def told_outcome(outcome: str) -> str:
    """The same of an effect and, after a space, perhaps a rule."""
    effect, _, rule = outcome.partition(" ")
    return told(effect, rule)
