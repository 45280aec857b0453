"""What can go wrong with dashboards."""

from __future__ import annotations

from troupe.errors import FieldsDetails, Unprocessable, WrongField


class BadRange(Unprocessable):
    code = "invalid_range"
    message = "`to` must not be before `from`, and the range must not exceed 400 days."
    details_type = FieldsDetails

    def __init__(self) -> None:
        wrong: WrongField = {"field": "from", "message": self.message, "type": "range"}
        super().__init__(details={"fields": [wrong]})
