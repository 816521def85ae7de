"""Failures of the library as exceptions."""

from __future__ import annotations

import json
import os
from typing import Any, NoReturn

from . import _door
from .errors import (
    ActraAnalysisError,
    ActraArtifactError,
    ActraCompileError,
    ActraError,
    ActraInputError,
    ActraInputTypeError,
    ActraLogError,
    ActraRefusedError,
    ActraSchemaError,
)

_OF_TYPES = ("wrong_type", "malformed")


def raise_failure(failure: _door.Failure, schema_name: str = "schema.yaml") -> NoReturn:
    """Raises what a failed call of the library says."""
    status, code, message, rendered, told = failure
    if status == _door.STATUS_COMPILE_ERROR:
        diagnostics: list[dict[str, Any]] = json.loads(told)
        raise _document_error(diagnostics, rendered, schema_name)
    # Of a key that is none, the library says that it is an argument that is none.
    if status == _door.STATUS_ARTIFACT_ERROR or code == "bad_key":
        raise ActraArtifactError(code, message)
    if status == _door.STATUS_REFUSED or code == "unsettled":
        raise ActraRefusedError(code, message)
    if status == _door.STATUS_LOG_ERROR:
        raise ActraLogError(code, message)
    if status == _door.STATUS_NO_ANSWER:
        raise _analysis_error(code, message, rendered, told)
    if status == _door.STATUS_INPUT_ERROR:
        raise input_error(code, json.loads(told)["field"], message)
    raise ActraError(message or f"libactra failed with status {status}: please report it")


def input_error(code: str, field: str | None, message: str) -> ActraInputError:
    """An input error, of the class that goes with its code."""
    kind = ActraInputTypeError if code in _OF_TYPES else ActraInputError
    return kind(code, field, message)


def _analysis_error(code: str, message: str, rendered: str, told: str) -> ActraAnalysisError:
    # Of what is assumed there are diagnostics; of all else the same once more.
    data = json.loads(told)
    diagnostics = data if isinstance(data, list) else []
    return ActraAnalysisError(code, message, rendered.rstrip("\n"), diagnostics)


def _document_error(
    diagnostics: list[dict[str, Any]], rendered: str, schema_name: str
) -> ActraSchemaError | ActraCompileError:
    errors = [found for found in diagnostics if found.get("severity") == "error"]
    file = errors[0].get("file") if errors else None
    is_schema = file is not None and os.path.normpath(file) == os.path.normpath(schema_name)
    kind = ActraSchemaError if is_schema else ActraCompileError
    return kind(rendered.rstrip("\n"), None, diagnostics)
