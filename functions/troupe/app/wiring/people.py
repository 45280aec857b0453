"""Accounts, companies, plans, the wallet, and administration."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from troupe.app.wiring.calls import Calling

if TYPE_CHECKING:
    from troupe.accounts.administration import Administration
    from troupe.accounts.callers import Callers
    from troupe.accounts.companies import UserCompanies, UserCompany
    from troupe.accounts.deletion import Deletions
    from troupe.accounts.directory import Directory
    from troupe.accounts.google import GoogleSignIn
    from troupe.accounts.guests import GuestCleanup
    from troupe.accounts.linking import Linking
    from troupe.accounts.links import MediaLinks
    from troupe.accounts.passwords import Passwords
    from troupe.accounts.profile import Profiles
    from troupe.accounts.quotas import Quotas
    from troupe.accounts.records import AccountCaller, UserRecord
    from troupe.accounts.service import Accounts
    from troupe.activities.service import Activities
    from troupe.adapters.stripe import Stripe
    from troupe.admin.jobs import AdminJobs
    from troupe.admin.stats import Statistics
    from troupe.admin.usage import UsageReport
    from troupe.admin.users import AdminUsers
    from troupe.analytics.service import Dashboards
    from troupe.api_keys.authentication import KeyCallers
    from troupe.api_keys.service import ApiKeys
    from troupe.audit.service import AuditLog
    from troupe.bulk.service import BulkService
    from troupe.bulk.worker import BulkWorker
    from troupe.caller import Device
    from troupe.companies.endings import Endings
    from troupe.companies.features import Features
    from troupe.companies.founding import Founding
    from troupe.companies.invitations import Invitations
    from troupe.companies.licenses import Licenses
    from troupe.companies.members import Members
    from troupe.companies.seats import Seating
    from troupe.companies.service import Companies
    from troupe.companies.spending import Spending
    from troupe.company_exports.service import CompanyExports
    from troupe.company_exports.worker import CompanyExportWorker
    from troupe.dashboards.folding import DayFolding
    from troupe.notifications.push import Pushes
    from troupe.notifications.service import Notifications
    from troupe.payments.checkout import Checkout
    from troupe.payments.closing import BillingClosing
    from troupe.payments.customers import Customers
    from troupe.payments.events import Webhook
    from troupe.payments.manual import ManualPayments
    from troupe.payments.offers import Offers
    from troupe.payments.prices import PriceTable
    from troupe.payments.refunds import Refunds
    from troupe.payments.revenue import RevenueReport
    from troupe.payments.service import Payments
    from troupe.payments.subscriptions import PaidSubscriptions
    from troupe.payments.sync import BillingSync
    from troupe.plans.renewals import Renewals
    from troupe.plans.service import Plans
    from troupe.plans.subscribers import Subscribers
    from troupe.plans.subscriptions import Subscriptions
    from troupe.search.service import CompanySearch
    from troupe.wallet.service import WalletService
    from troupe.webhooks.delivering import Deliverer
    from troupe.webhooks.outbox import WebhookOutbox
    from troupe.webhooks.posting import Poster
    from troupe.webhooks.sender import WebhookSender
    from troupe.webhooks.service import Webhooks


class People(Calling):
    @cached_property
    def callers(self) -> Callers:
        from troupe.accounts.callers import Callers

        return Callers(self.database, self._caller_by_id_token, self._caller_by_api_key)

    def _caller_by_id_token(self, token: str, device: Device) -> AccountCaller:
        """Few requests have an ID token, and the service is slow to load."""
        return self.accounts.by_id_token(token, device)

    def _caller_by_api_key(self, text: str, device: Device) -> AccountCaller:
        return self.key_callers.authenticate(text, device)

    @cached_property
    def key_callers(self) -> KeyCallers:
        from troupe.api_keys.authentication import KeyCallers

        return KeyCallers(self.database, self.settings.api_key_pepper)

    @cached_property
    def api_keys(self) -> ApiKeys:
        from troupe.api_keys.service import ApiKeys

        return ApiKeys(self.database, self.settings.api_key_pepper)

    @cached_property
    def webhook_sender(self) -> WebhookSender:
        from troupe.webhooks.sender import WebhookSender

        return WebhookSender(self.queue)

    @cached_property
    def webhooks(self) -> Webhooks:
        from troupe.webhooks.service import Webhooks

        return Webhooks(self.database, self.webhook_sender, self.settings.webhook_master)

    @cached_property
    def webhook_outbox(self) -> WebhookOutbox:
        from troupe.webhooks.outbox import WebhookOutbox

        enabled = self.settings.webhooks == "on"
        return WebhookOutbox(self.database, self.webhook_sender, enabled=enabled)

    @cached_property
    def webhook_poster(self) -> Poster:
        from troupe.webhooks.posting import Poster

        return Poster()

    @cached_property
    def webhook_deliverer(self) -> Deliverer:
        from troupe.waiters import Waiters
        from troupe.webhooks.delivering import Deliverer

        return Deliverer(
            self.database,
            self.webhook_sender,
            self.webhook_poster.post,
            self.settings.webhook_master,
            Waiters(per_user=10, in_all=40),
            emulated=self.settings.emulated,
        )

    @cached_property
    def accounts(self) -> Accounts:
        from troupe.accounts.service import Accounts

        return Accounts(
            self.database,
            self.identity,
            self.limiter,
            self.settings,
            founder=lambda: self.company_founding,
        )

    @cached_property
    def user_companies(self) -> UserCompanies:
        """Few users belong to a company, so for the others nothing is loaded."""

        def read(user: UserRecord) -> list[UserCompany]:
            if not user.roles:
                return []
            from troupe.companies.summaries import companies_of

            return companies_of(self.database, user)

        return read

    @cached_property
    def company_founding(self) -> Founding:
        from troupe.companies.founding import Founding

        return Founding(self.database)

    @cached_property
    def companies(self) -> Companies:
        from troupe.companies.service import Companies

        def dismiss(company_id: str) -> None:
            self.company_endings.dismiss(company_id)

        return Companies(self.database, self.orphans, self._prepare_image, dismiss)

    @cached_property
    def members(self) -> Members:
        from troupe.companies.members import Members

        return Members(self.database, self._departed)

    def _departed(self, company_id: str, uid: str) -> None:
        self.call_departures.leave(company_id, uid)

    @cached_property
    def invitations(self) -> Invitations:
        from troupe.companies.invitations import Invitations

        return Invitations(self.database)

    @cached_property
    def licenses(self) -> Licenses:
        from troupe.companies.licenses import Licenses

        return Licenses(self.database)

    @cached_property
    def features(self) -> Features:
        from troupe.companies.features import Features

        return Features(self.database)

    @cached_property
    def company_spending(self) -> Spending:
        from troupe.companies.spending import Spending

        return Spending(self.database, self.wallet)

    @cached_property
    def company_dashboards(self) -> Dashboards:
        from troupe.analytics.service import Dashboards

        return Dashboards(self.database, lambda: self.audit_log)

    @cached_property
    def day_folding(self) -> DayFolding:
        from troupe.dashboards.folding import DayFolding

        return DayFolding(self.database)

    @cached_property
    def company_search(self) -> CompanySearch:
        from troupe.search.service import CompanySearch

        return CompanySearch(self.database, lambda: self.audit_log)

    @cached_property
    def company_endings(self) -> Endings:
        from troupe.companies.endings import Endings

        def erase_exports(company_id: str, limit: int) -> int:
            return self.company_exports.erase(company_id, limit)

        def erase_calls(company_id: str, limit: int) -> int:
            return self.call_endings.erase_all(company_id, limit)

        def erase_webhooks(company_id: str, limit: int) -> int:
            from troupe.webhooks.lifecycle import erase

            return erase(company_id, limit, database=self.database)

        return Endings(
            self.database,
            self.billing_closing.close,
            erase_exports,
            erase_calls,
            erase_webhooks,
        )

    @cached_property
    def company_exports(self) -> CompanyExports:
        from troupe.company_exports.service import CompanyExports

        return CompanyExports(
            self.database,
            self._files,
            self.jobs,
            lambda: self.audit_log,
            timedelta(days=self.settings.export_days),
        )

    @cached_property
    def company_export_worker(self) -> CompanyExportWorker:
        from troupe.company_exports.worker import CompanyExportWorker

        keep = timedelta(days=self.settings.export_days)
        return CompanyExportWorker(self.database, self.files, keep)

    @cached_property
    def bulk(self) -> BulkService:
        from troupe.bulk.service import BulkService

        return BulkService(
            self.database,
            self.jobs,
            self.sender,
            lambda: self.runner,
            lambda: self.members,
            self.settings.jwt_secret,
        )

    @cached_property
    def bulk_worker(self) -> BulkWorker:
        from troupe.adapters.rehearsal import Rehearsal
        from troupe.bulk.actions import Services
        from troupe.bulk.worker import BulkWorker
        from troupe.companies.invitations import Invitations
        from troupe.companies.licenses import Licenses
        from troupe.companies.members import Members

        def services(rehearse: bool) -> Services:
            db = Rehearsal.of(self.database) if rehearse else self.database
            return Services(
                db,
                Members(db, self._departed),
                Invitations(db),
                Licenses(db),
                lambda: self.admin_users,
                lambda: self.calls,
                lambda: self.call_endings,
                self.settings.jwt_secret,
            )

        def introduce(email: str, name: str) -> None:
            self.passwords.introduce(email, name)

        return BulkWorker(self.database, services, introduce)

    @cached_property
    def media_links(self) -> MediaLinks:
        from troupe.accounts.links import MediaLinks

        def by_key(key_id: str) -> AccountCaller:
            return self.key_callers.of_link(key_id)

        return MediaLinks(self.database, self.settings.media_link_seconds, by_key)

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
    def notifications(self) -> Notifications:
        from troupe.notifications.service import Notifications

        return Notifications(self.database)

    @cached_property
    def pushes(self) -> Pushes:
        from troupe.adapters.firebase import firebase_app
        from troupe.adapters.push import FcmPush
        from troupe.notifications.push import Pushes

        sends = self.settings.push == "fcm"
        push = FcmPush(firebase_app(self.settings.project_id)) if sends else None
        return Pushes(self.database, push)

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

        return Statistics(self.database, self.plans, self.directory, self.activities)

    @cached_property
    def usage_report(self) -> UsageReport:
        from troupe.admin.usage import UsageReport

        return UsageReport(self.database, list(self.job_specs))

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
        from troupe.payments.expiry import expiry_writes
        from troupe.plans.renewals import Renewals

        expiry = partial(expiry_writes, self.database)
        return Renewals(self.database, expiry, paid=self.settings.payments != "off")

    @cached_property
    def subscriptions(self) -> Subscriptions:
        from troupe.plans.subscriptions import Subscriptions

        paid = self.settings.payments != "off"
        return Subscriptions(self.database, self.renewals, self.wallet, paid=paid)

    @cached_property
    def subscribers(self) -> Subscribers:
        from troupe.plans.subscribers import Subscribers

        return Subscribers(self.database, self.subscriptions)

    @property
    def _paid(self) -> bool:
        return self.settings.payments == "stripe"

    @cached_property
    def stripe(self) -> Stripe:
        from troupe.adapters.stripe import Stripe

        settings = self.settings
        return Stripe(
            settings.stripe_secret_key, settings.webhook_secrets, settings.stripe_api_base
        )

    def _stripe(self) -> Stripe:
        """The SDK takes a tenth of a second to load, and lists of payments do not need it."""
        return self.stripe

    @cached_property
    def billing_sync(self) -> BillingSync:
        from troupe.payments.sync import BillingSync

        grace = timedelta(days=self.settings.grace_days)
        return BillingSync(
            self.database, self._stripe, self._follow_seats, grace=grace, paid=self._paid
        )

    def _follow_seats(self, company_id: str) -> None:
        """Few payers are companies."""
        self.company_seats.follow(company_id)

    def _seats_in_use(self, company_id: str) -> int:
        return self.company_seats.in_use(company_id)

    @cached_property
    def company_seats(self) -> Seating:
        from troupe.companies.seats import Seating

        return Seating(self.database)

    @cached_property
    def webhook(self) -> Webhook:
        from troupe.payments.events import Webhook

        return Webhook(self.database, self._stripe, self.billing_sync, paid=self._paid)

    @cached_property
    def customers(self) -> Customers:
        from troupe.payments.customers import Customers

        return Customers(self.database, self._stripe)

    @cached_property
    def checkouts(self) -> Checkout:
        from troupe.payments.checkout import Checkout

        settings = self.settings
        return Checkout(
            self.database,
            self._stripe,
            self.customers,
            self.billing_sync,
            app_url=settings.app_url,
            currency=settings.currency,
            tax=settings.stripe_tax == "on",
            paid=self._paid,
        )

    @cached_property
    def paid_subscriptions(self) -> PaidSubscriptions:
        from troupe.payments.subscriptions import PaidSubscriptions

        return PaidSubscriptions(
            self.database,
            self._stripe,
            self.customers,
            self.billing_sync,
            self.checkouts,
            self._seats_in_use,
            app_url=self.settings.app_url,
            paid=self._paid,
        )

    @cached_property
    def payments(self) -> Payments:
        from troupe.payments.service import Payments

        return Payments(self.database, self._stripe, paid=self._paid)

    @cached_property
    def offers(self) -> Offers:
        from troupe.payments.offers import Offers

        settings = self.settings
        return Offers(
            self.database,
            self.plans,
            currency=settings.currency,
            tax=settings.stripe_tax == "on",
            paid=self._paid,
        )

    @cached_property
    def manual_payments(self) -> ManualPayments:
        from troupe.payments.manual import ManualPayments

        return ManualPayments(self.database, self.billing_sync, currency=self.settings.currency)

    @cached_property
    def refunds(self) -> Refunds:
        from troupe.payments.refunds import Refunds

        return Refunds(self.database, self._stripe, self.billing_sync, paid=self._paid)

    @cached_property
    def price_table(self) -> PriceTable:
        from troupe.payments.prices import PriceTable

        return PriceTable(
            self.database,
            self._stripe,
            self.plans,
            currency=self.settings.currency,
            paid=self._paid,
        )

    @cached_property
    def revenue_report(self) -> RevenueReport:
        from troupe.payments.revenue import RevenueReport

        return RevenueReport(self.database, self.plans, currency=self.settings.currency)

    @cached_property
    def billing_closing(self) -> BillingClosing:
        from troupe.payments.closing import BillingClosing

        return BillingClosing(self.database, self._stripe, paid=self._paid)
