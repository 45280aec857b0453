"""Accounts, plans, the wallet, and administration."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from troupe.app.wiring.work import Work

if TYPE_CHECKING:
    from troupe.accounts.administration import Administration
    from troupe.accounts.callers import Callers
    from troupe.accounts.deletion import Deletions
    from troupe.accounts.directory import Directory
    from troupe.accounts.google import GoogleSignIn
    from troupe.accounts.guests import GuestCleanup
    from troupe.accounts.linking import Linking
    from troupe.accounts.links import MediaLinks
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.admin.jobs import AdminJobs
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers
    from troupe.audit.service import AuditLog
    from troupe.caller import Device
    from troupe.plans.renewals import Renewals
    from troupe.plans.service import Plans
    from troupe.plans.subscriptions import Subscriptions
    from troupe.wallet.service import WalletService


class People(Work):
    @cached_property
    def callers(self) -> Callers:
        from troupe.accounts.callers import Callers

        return Callers(self.database, self._caller_by_id_token)

    def _caller_by_id_token(self, token: str, device: Device) -> AccountCaller:
        """Few requests have an ID token, and the service is slow to load."""
        return self.accounts.by_id_token(token, device)

    @cached_property
    def accounts(self) -> Accounts:
        from troupe.accounts.service import Accounts

        return Accounts(self.database, self.identity, self.limiter, self.settings)

    @cached_property
    def media_links(self) -> MediaLinks:
        from troupe.accounts.links import MediaLinks

        return MediaLinks(self.database, self.settings.media_link_seconds)

    @cached_property
    def passwords(self) -> Passwords:
        from troupe.accounts.passwords import Passwords

        return Passwords(self.database, self.identity, self.limiter)

    @cached_property
    def google_sign_in(self) -> GoogleSignIn:
        from troupe.accounts.google import GoogleSignIn
        from troupe.adapters.google_oauth import GoogleOAuth

        settings, oauth = self.settings, None
        if settings.google_client_id and settings.google_client_secret:
            oauth = GoogleOAuth(
                client_id=settings.google_client_id,
                client_secret=settings.google_client_secret,
                redirect_url=settings.google_redirect_url,
                authorize_url=settings.google_authorize_url,
                token_url=settings.google_token_url,
            )
        return GoogleSignIn(self.accounts, oauth, settings.allowed_origins)

    @cached_property
    def linking(self) -> Linking:
        from troupe.accounts.linking import Linking

        return Linking(self.database, self.identity, self.settings)

    @cached_property
    def profiles(self) -> Profiles:
        from troupe.accounts.profile import Profiles

        return Profiles(self.database, self.orphans, self._prepare_image, self._check_voice)

    def _check_voice(self, voice_id: str) -> None:
        from troupe.speech.choice import check_named

        check_named(self.settings.speech_engines, voice_id)

    @cached_property
    def quotas(self) -> Quotas:
        from troupe.accounts.quotas import Quotas

        return Quotas(self.database, self.settings)

    @cached_property
    def deletions(self) -> Deletions:
        from troupe.accounts.deletion import Deletions

        return Deletions(self.database, self.identity, self.orphans, lambda: self.erasers)

    @cached_property
    def guest_cleanup(self) -> GuestCleanup:
        from troupe.accounts.guests import GuestCleanup

        keep = timedelta(days=self.settings.guest_days)
        return GuestCleanup(self.database, self.identity, self.deletions, keep)

    @cached_property
    def directory(self) -> Directory:
        from troupe.accounts.directory import Directory

        return Directory(self.database)

    @cached_property
    def administration(self) -> Administration:
        from troupe.accounts.administration import Administration

        return Administration(self.database, self.identity)

    @cached_property
    def activities(self) -> Activities:
        from troupe.activities.service import Activities

        return Activities(self.database, timedelta(days=self.settings.activity_days))

    @cached_property
    def admin_users(self) -> AdminUsers:
        from troupe.admin.users import AdminUsers

        return AdminUsers(
            db=self.database,
            directory=self.directory,
            administration=self.administration,
            subscriptions=self.subscriptions,
            plans=self.plans,
            deletions=self.deletions,
            admission=self.admission,
        )

    @cached_property
    def admin_jobs(self) -> AdminJobs:
        from troupe.admin.jobs import AdminJobs

        return AdminJobs(self.database, self.directory, self.admission)

    @cached_property
    def statistics(self) -> Statistics:
        from troupe.admin.stats import Statistics

        return Statistics(self.plans, self.directory, self.activities)

    @cached_property
    def audit_log(self) -> AuditLog:
        from troupe.audit.service import AuditLog

        return AuditLog(self.database)

    @cached_property
    def wallet(self) -> WalletService:
        from troupe.wallet.service import WalletService

        return WalletService(self.database)

    @cached_property
    def plans(self) -> Plans:
        from troupe.plans.service import Plans

        return Plans(self.database)

    @cached_property
    def renewals(self) -> Renewals:
        from troupe.plans.renewals import Renewals

        return Renewals(self.database, paid=self.settings.payments != "off")

    @cached_property
    def subscriptions(self) -> Subscriptions:
        from troupe.plans.subscriptions import Subscriptions

        paid = self.settings.payments != "off"
        return Subscriptions(self.database, self.renewals, self.wallet, paid=paid)
