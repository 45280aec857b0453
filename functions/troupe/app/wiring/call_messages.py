"""Invitations to calls, and messages after them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from troupe.app.wiring.work import Work

if TYPE_CHECKING:
    from troupe.calls.after_calls import AfterCalls
    from troupe.calls.invitations import CallInvitations
    from troupe.calls.message_worker import CallMessageWorker
    from troupe.calls.messages import CallMessages


class Messaging(Work):
    @cached_property
    def call_invitations(self) -> CallInvitations:
        from troupe.calls.invitations import CallInvitations

        return CallInvitations(
            self.database,
            self.limiter,
            self.sms_stops,
            self.call_messages,
            sms=self.settings.sms != "off",
            mail=self.settings.mail != "off",
            site=self.settings.app_url,
            secret=self.settings.jwt_secret,
        )

    @cached_property
    def call_messages(self) -> CallMessages:
        from troupe.calls.messages import CallMessages

        return CallMessages(
            self.database,
            self._jobs,
            self.sms_stops,
            lambda: self.text_messenger,
            lambda: self.mail_messenger,
        )

    @cached_property
    def call_message_worker(self) -> CallMessageWorker:
        from troupe.calls.message_worker import CallMessageWorker

        return CallMessageWorker(self.call_messages)

    @cached_property
    def after_calls(self) -> AfterCalls:
        from troupe.calls.after_calls import AfterCalls
        from troupe.companies.features import Features

        return AfterCalls(
            self.database,
            self.call_messages,
            Features(self.database),
            self.limiter,
            sms=self.settings.sms != "off",
            mail=self.settings.mail != "off",
            site=self.settings.app_url,
        )
