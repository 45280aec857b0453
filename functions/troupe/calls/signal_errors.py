"""What can go wrong with signals, as the API reports it."""

from __future__ import annotations

from troupe.errors import FileSizeDetails, TroupeError


class SignalTooLarge(TroupeError):
    status = 413
    code = "signal_too_large"
    details_type = FileSizeDetails
    message = "The payload of a signal takes at most 64 KB as JSON. Send candidates in parts."
