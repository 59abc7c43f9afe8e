"""`@frozen`: a dataclass whose fields are set once, as the type checker sees to.

For the values of which each message makes a dozen. `dataclass(frozen=True)` has its fields set past its own guard, one
call for each: making one costs three times as much, for a guard at run time against what does not pass the check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """With slots; equal and hashed by its fields, as a frozen dataclass is."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
