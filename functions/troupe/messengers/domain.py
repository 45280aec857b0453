"""Messages to phones and mailboxes, and what their recipients answer."""

from troupe.domain import Domain

DOMAIN = Domain(name="messengers", endpoints={"calls": ("troupe.messengers.endpoints",)})
