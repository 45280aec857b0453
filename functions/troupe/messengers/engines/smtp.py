"""Mails by an SMTP server.

A server that breaks off after it got the text may have sent the mail; before that, it has not.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.errors import MessageParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from troupe.deadlines import seconds_left
from troupe.messengers.messenger import (
    Message,
    MessageError,
    invalid_recipient,
    refused,
    rejected_key,
    unavailable,
    uncertain,
)
from troupe.outbound import retry

_PORTS = {"smtp": 587, "smtps": 465}
# CRLF, and no 8-bit characters, which not every server takes.
_POLICY = policy.SMTP.clone(cte_type="7bit")
_WAITS = (0.5, 1.0)  # seconds before the second and the third attempt


class SmtpMessenger:
    name = "smtp"

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("SMTP_URL must be smtps://USER:PASSWORD@HOST, or smtp://…")
        name, _, domain = sender.rpartition("@")
        if not name or not domain:
            raise ValueError("MAIL_SENDER must be an email address")
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._encrypted = parts.scheme == "smtps"
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender
        self._domain = domain

    def send(self, message: Message) -> str:
        """Raises MessageError."""
        mail = self._mail(message)

        def again(error: Exception, planned: float) -> float | None:
            return planned if isinstance(error, MessageError) and error.retryable else None

        return retry(lambda: self._attempt(mail, message), again, _WAITS, deadline=message.deadline)

    def close(self) -> None:
        """No connection is kept."""

    def _attempt(self, mail: EmailMessage, message: Message) -> str:
        left = seconds_left(message.deadline - time.monotonic())
        if left <= 0:
            raise unavailable()
        # Of each step. A server that is slow at all of them takes longer than the deadline.
        with self._connected(left) as server:
            _step(server.mail(self._sender), rejected=False)
            _step(server.rcpt(message.to), rejected=True)
            try:
                _step(server.data(mail.as_bytes()), rejected=False)
            except smtplib.SMTPDataError as error:
                _step((error.smtp_code, b""), rejected=False)
            except (smtplib.SMTPException, OSError) as error:
                raise uncertain() from error
        return str(mail["Message-ID"])

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        try:
            if self._encrypted:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    self._host, self._port, timeout=seconds, context=context
                )
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=seconds)
        except (smtplib.SMTPException, OSError) as error:
            raise unavailable("The mail server cannot be reached.") from error
        try:
            self._begin(server, context)
            yield server
        except smtplib.SMTPAuthenticationError as error:
            raise rejected_key(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise unavailable("The mail server cannot be reached.") from error
        finally:
            server.close()

    def _begin(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo()
        encrypted = self._encrypted
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            encrypted = True
        if not self._user:
            return
        if not encrypted:
            raise MessageError(
                "messenger_auth_failed",
                "The mail server offers no encryption, so our password is not sent to it.",
            )
        server.login(self._user, self._password)

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(_POLICY)
        mail["From"] = Address(addr_spec=self._sender)
        try:
            mail["To"] = Address(addr_spec=message.to)
        except (ValueError, IndexError, MessageParseError) as error:
            raise invalid_recipient() from error
        mail["Subject"] = message.subject
        mail["Date"] = formatdate(usegmt=True)
        # A repeated one would replace the first in most mailboxes.
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def _step(answer: tuple[int, bytes], *, rejected: bool) -> None:
    """Raises MessageError unless the server goes on. `rejected`: a final refusal concerns the
    recipient."""
    code = answer[0]
    if 200 <= code < 400:
        return
    if code < 500:
        raise unavailable(f"The mail server refused the mail for now ({code}).")
    raise invalid_recipient() if rejected else refused(str(code))
