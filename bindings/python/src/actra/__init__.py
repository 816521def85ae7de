"""Actra decides, before an operation runs, whether it is allowed, blocked or needs approval."""

from .policy import Actra, Policy

__all__ = ["Actra", "Policy"]
