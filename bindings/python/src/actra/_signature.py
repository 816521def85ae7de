"""Calls of a function as arguments by name."""

from __future__ import annotations

from collections.abc import Callable
from keyword import iskeyword
from typing import Any

_RECEIVERS = ("self", "cls")


class Parameters:
    """A function's parameters, looked at once."""

    __slots__ = (
        "_by_name",
        "_defaults",
        "_name",
        "_positional",
        "_signature",
        "bind",
        "names",
        "takes_any_keyword",
    )

    def __init__(self, func: Callable[..., Any]) -> None:
        # Not cheap to import, and needed by those that guard functions only.
        import inspect

        try:
            signature = inspect.signature(func)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"the signature of {func!r} cannot be read, so that its calls cannot be guarded: "
                "wrap it in a function of your own"
            ) from error
        self._signature = signature
        self._name = _name_of(func)
        kinds = inspect.Parameter
        parameters = list(signature.parameters.values())
        positional = (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
        self._positional = tuple(p.name for p in parameters if p.kind in positional)
        self._defaults = {p.name: p.default for p in parameters if p.default is not kinds.empty}
        self.takes_any_keyword = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
        # What an action can be made of. The object that a method belongs to is among them, if the
        # schema has a field of that name: it may be an argument like others.
        self.names = frozenset(p.name for p in parameters if p.kind is not kinds.VAR_KEYWORD)
        self._by_name = frozenset(
            p.name
            for p in parameters
            if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
        )
        # All arguments by name: with defaults, and with those that `**kwargs` takes beside the
        # others. Arguments that are missing are left out, as decorators below may add them. A call
        # that cannot be is a TypeError.
        self.bind: Callable[..., dict[str, Any]] = _binder(signature, self._name)

    def is_receiver(self, name: str) -> bool:
        """Whether it is the object that a method belongs to."""
        return bool(self._positional) and name == self._positional[0] and name in _RECEIVERS

    def takes_keyword(self, name: str, taken: int) -> bool:
        """Whether an argument may be given by that name, beside so many that are given by place."""
        if name in self._by_name:
            return name not in self._positional[:taken]
        return self.takes_any_keyword

    def picker(self, action_type: str, names: tuple[str, ...]) -> Pick | None:
        """A function of the same parameters that gives an action of some of them, and `ctx`; or
        None where one of these is missing. There is none for parameters that collect others."""
        parameters = list(self._signature.parameters.values())
        collects = any(p.kind.name.startswith("VAR_") for p in parameters)
        if collects or not all(_is_name(parameter.name) for parameter in parameters):
            return None
        own = _prefix(self._name, parameters)
        scope: dict[str, Any] = {
            f"{own}missing": _MISSING,
            f"{own}type": action_type,
            "__builtins__": {},
        }
        words, _, required = _spelled(parameters, own, scope)
        # As the parameters have them: nothing that is given here gets into the text.
        known = {parameter.name: parameter.name for parameter in parameters}
        chosen = [known[name] for name in names if name in self.names]
        members = ", ".join(f"{name!r}: {name}" for name in chosen)
        ctx = "ctx" if "ctx" in self.names else "None"
        lines = [f"def {self._name}({', '.join(words)}):"]
        lines += [
            f"    if {name} is {own}missing: return None"
            for name in required
            if name in (*chosen, "ctx")
        ]
        lines.append(f"    return {{'type': {own}type, {members}}}, {ctx}")
        pick: Pick = _written(lines, self._name, scope)
        return pick

    def complete(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments that are by name already, with defaults and without what the function does not
        take."""
        known = {
            name: value
            for name, value in kwargs.items()
            if name in self.names or self.takes_any_keyword
        }
        return {**self._defaults, **known}


# An action and the context.
Pick = Callable[..., tuple[dict[str, Any], Any] | None]

_MISSING = object()


def _name_of(func: Any) -> str:
    """What a TypeError of a call that cannot be calls the function."""
    name = getattr(func, "__name__", "")
    return name if _is_name(name) else "call"


def _is_name(name: object) -> bool:
    return type(name) is str and name.isidentifier() and not iskeyword(name)


def _binder(signature: Any, name: str) -> Callable[..., dict[str, Any]]:
    """A function of the same parameters that gives them by name.

    Python puts a call's arguments into a function's parameters faster than any code that goes
    through them, so the function is written out. Its text is made of the parameters' names, each of
    which is one, and of names that begin as none of them does.
    """
    parameters = list(signature.parameters.values())
    if not all(_is_name(parameter.name) for parameter in parameters):
        return _slow_binder(signature)
    own = _prefix(name, parameters)
    scope: dict[str, Any] = {f"{own}missing": _MISSING, "__builtins__": {}}
    words, members, required = _spelled(parameters, own, scope)
    lines = [f"def {name}({', '.join(words)}):", f"    {own}found = {{{', '.join(members)}}}"]
    lines += [f"    if {one} is {own}missing: del {own}found[{one!r}]" for one in required]
    lines.append(f"    return {own}found")
    bind: Callable[..., dict[str, Any]] = _written(lines, name, scope)
    return bind


def _prefix(name: str, parameters: list[Any]) -> str:
    """How names begin that are neither the function's nor a parameter's."""
    own = "_"
    while any(taken.startswith(own) for taken in (name, *(p.name for p in parameters))):
        own += "_"
    return own


def _written(lines: list[str], name: str, scope: dict[str, Any]) -> Any:
    """The function that the lines define: see `_binder` on what they are made of."""
    exec("\n".join(lines), scope)  # noqa: S102 - names of parameters, and words of ours, only
    return scope[name]


def _spelled(
    parameters: list[Any], own: str, scope: dict[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """The parameters as words, the members of the dict of them, and those without a default."""
    words: list[str] = []
    members: list[str] = []
    required: list[str] = []
    kinds = [parameter.kind.name for parameter in parameters]
    for at, (kind, parameter) in enumerate(zip(kinds, parameters, strict=True)):
        name = parameter.name
        if kind == "VAR_KEYWORD":
            words.append(f"**{name}")
            # What a parameter is called goes before what a caller calls something.
            members.insert(0, f"**{name}")
            continue
        members.append(f"{name!r}: {name}")
        if kind == "VAR_POSITIONAL":
            words.append(f"*{name}")
            continue
        if kind == "KEYWORD_ONLY" and not {"VAR_POSITIONAL", "KEYWORD_ONLY"} & set(kinds[:at]):
            words.append("*")
        if parameter.default is parameter.empty:
            required.append(name)
            words.append(f"{name}={own}missing")
        else:
            scope[f"{own}{at}"] = parameter.default
            words.append(f"{name}={own}{at}")
        if kind == "POSITIONAL_ONLY" and kinds[at + 1 : at + 2] != ["POSITIONAL_ONLY"]:
            words.append("/")
    return words, members, required


def _slow_binder(signature: Any) -> Callable[..., dict[str, Any]]:
    """The same, for parameters that no text can name."""
    parameters = signature.parameters.values()
    collecting = [p.name for p in parameters if p.kind.name == "VAR_KEYWORD"]

    def bind(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind_partial(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for name in collecting:
            arguments = {**arguments.pop(name, {}), **arguments}
        return arguments

    return bind


def takes_second(fn: Callable[..., Any]) -> bool:
    """Whether a resolver takes the action after the context: as a second parameter without a
    default, or one called `action`. Other defaults are values that the resolver brings along."""
    import inspect

    kinds = inspect.Parameter
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = [
        p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    if len(positional) < 2:
        return False
    second = positional[1]
    return second.default is inspect.Parameter.empty or second.name == "action"
