"""Telephone numbers that get no messages, since they cost whoever sends them, or have no screen."""

from __future__ import annotations

# Premium, shared-cost and personal numbers, and satellites, by the beginning of the number: the
# international ones of ITU-T E.164, and those of national plans in which they are dear. It is a
# second line of defence: the service that sends messages should allow only the countries you need.
_DEAR = (
    *("+800", "+808", "+870", "+878", "+881", "+882", "+883", "+888", "+979"),  # international
    "+1900",  # North America
    *("+3184", "+3187", "+3190"),  # Netherlands
    *("+3270", "+3290"),  # Belgium
    "+338",  # France
    *("+34803", "+34806", "+34807", "+34905", "+34907"),  # Spain
    *("+35160", "+35164", "+35176"),  # Portugal
    *("+358600", "+358700"),  # Finland
    *("+39199", "+3989"),  # Italy
    *("+4184", "+41900", "+41901", "+41906"),  # Switzerland
    *("+43810", "+43820", "+43821", "+43900", "+43901", "+43930", "+43931", "+43939"),  # Austria
    *("+4470", "+4484", "+4487", "+449"),  # United Kingdom
    "+4590",  # Denmark
    *("+4677", "+46900", "+46939", "+46944"),  # Sweden
    *("+4781", "+4782"),  # Norway
    "+4870",  # Poland
    *("+49137", "+49180", "+49900"),  # Germany
    *("+6113", "+6118", "+6119"),  # Australia
)
_NORTH_AMERICA = len("+1212")  # the area; a premium exchange follows it
_LEAST = len("+12345678")  # short codes have fewer digits, whatever is put before them


def is_reachable(number: str) -> bool:
    """Whether a number in E.164 may get messages."""
    if len(number) < _LEAST or number.startswith(_DEAR):
        return False
    return not (number.startswith("+1") and number[_NORTH_AMERICA:].startswith("976"))
