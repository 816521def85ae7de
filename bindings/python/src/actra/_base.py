"""What `Policy` inherits from, where the accelerator does not bring it (`native/base.c`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._decision import Decision
    from ._door import Handle
    from .types import ActionInput


class Base:
    """What a policy is made of."""

    def _use(self, handle: Handle, /) -> None:
        self._decide = handle.decide

    def evaluate(self, context: ActionInput) -> Decision:
        """Decides.

        Args:
            context: `{"action": {...}, "actor": {...}, "snapshot": {...}}`. A domain that is absent
                is empty. Fields that the schema does not name are ignored.

        Raises:
            ActraInputError: The context cannot be decided: block.
        """
        decision = self._decide(context)
        # There is none where the context is in error, or holds what only Python can make plain.
        return decision if decision is not None else self._evaluate_plain(context)

    def _evaluate_plain(self, context: object) -> Decision:
        raise NotImplementedError
