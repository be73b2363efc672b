"""The figures that claims are made of; one that could never fail, or never be kept, is no figure of a promise."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(gt=0, le=1)]
"""Of requests: none at all is no promise, and more than all of them can be kept by nobody."""

Span = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""Seconds that last."""

Moment = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Seconds from something on; 0 is at once."""

Count = Annotated[int, Field(gt=0)]
"""Of what must have been seen."""
