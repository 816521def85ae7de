"""What is logged: under the name `actra`."""

from __future__ import annotations


def log(message: str, *arguments: object) -> None:
    """Logs the exception that is being handled."""
    # Most programs never come here, and it is not cheap to import.
    import logging

    logging.getLogger("actra").error(message, *arguments, exc_info=True)


def log_error(message: str, *arguments: object) -> None:
    """Logs something that went wrong, and was expected to be able to."""
    import logging

    logging.getLogger("actra").error(message, *arguments)


def log_info(message: str, *arguments: object) -> None:
    """Logs something that is good to know."""
    import logging

    logging.getLogger("actra").info(message, *arguments)
