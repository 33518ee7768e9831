"""Bit rates as people write them."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

_RATE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kKmMgG]?)(?:bits?(?:/s)?|bps)?", re.ASCII)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


class RateField(forms.Field):
    """Bits a second: ``20 Mbit/s``, ``20M``, ``160k`` or plainly ``160000``."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else _say(value)

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        read = _RATE.fullmatch(text)
        if read is None:
            raise ValidationError("Write a bit rate such as 20 Mbit/s, 160k or 160000.")
        number, times = read.groups()
        return round(float(number) * _TIMES[times.lower()])

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


def _say(bits: int) -> str:
    """Nothing is rounded away: what is read again is the same."""
    for name, times in (("Mbit/s", 1_000_000), ("kbit/s", 1_000)):
        if bits >= times and bits * 1_000 % times == 0:
            return f"{bits / times:.10g} {name}"
    return f"{bits} bit/s"
