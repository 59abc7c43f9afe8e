"""What is asked to be printed for the scan desk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web.api.models_base import Asked, Language

MOST = 500
"""Sheets that are printed at a time."""
Sheets = Annotated[int, Field(ge=1, le=9000)]
"""Of paper; a header sheet counts up to 9999, and ours are counted too."""
Few = Annotated[int, Field(ge=1, le=MOST)]


class SheetsAsked(Asked):
    """header, set: of a new batch. separators: of an open batch, else loose. sheets: that are fed, without ours."""

    kind: Literal["header", "separators", "labels", "set"]
    language: Language = "en"
    station: Annotated[str, Field(max_length=40)] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    documents: Few | None = None
    sheets: Sheets | None = None
    count: Few | None = None
    first: Few = 1
    batch: Annotated[str | None, Field(max_length=20, pattern=r"^[0-9A-Za-z]+$")] = None
    patient: Annotated[str | None, Field(max_length=20, pattern=r"^[0-9A-Za-z]+$")] = None
