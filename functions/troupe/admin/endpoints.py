"""The admin function: sign-in, users, jobs, statistics and recent activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.accounts.errors import (
    AccountSuspended,
    CannotSuspendAdmin,
    EmailTaken,
    EmailUnproved,
    InvalidCredentials,
    LastAdmin,
    NoEmail,
    NotAccepted,
    NotAnAdmin,
    OwnAccount,
    OwnsCompany,
    RecentSignInRequired,
    SecondFactorRequired,
    TooManyAttempts,
    UserNotFound,
)
from troupe.accounts.schemas import AccountView, LoginBody
from troupe.accounts.writes import user_path
from troupe.admin import schemas
from troupe.audit.records import Actor
from troupe.errors import GuestNotAllowed, UnknownChoice
from troupe.jobs.errors import JobNotFound
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans.errors import (
    BadDates,
    BalanceHeld,
    ManagedByStripe,
    NotSubscribed,
    PlanAmbiguous,
    PlanNotFound,
)
from troupe.web.addresses import current_device
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.directory import Directory
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.admin.jobs import AdminJobs
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers
    from troupe.audit.service import AuditLog
    from troupe.jobs.specs import JobSpecs

api = Api("admin", "Administration: users, jobs and statistics")


@api.post(
    "/api/admin/login",
    auth=Auth.PUBLIC,
    data=schemas.AdminSignedIn,
    errors=(
        InvalidCredentials,
        SecondFactorRequired,
        AccountSuspended,
        NotAnAdmin,
        TooManyAttempts,
    ),
    limit="login",
)
def admin_login(body: LoginBody, accounts: Accounts) -> Reply:
    """Signs an administrator in. `not_an_admin` is returned only after a correct password."""
    signed_in = accounts.login(body.email, body.password, current_device(), role="admin")
    return Reply(schemas.AdminSignedIn.of(signed_in), "Logged in successfully")


@api.get("/api/admin/verify", auth=Auth.ADMIN, data=schemas.ValidAdmin)
def admin_verify(caller: AccountCaller) -> Reply:
    """Checks an administrator's bearer token and returns the administrator."""
    admin = AccountView.of(caller.user)
    return Reply(schemas.ValidAdmin(valid=True, admin=admin), "Token is valid")


@api.get(
    "/api/admin/users",
    auth=Auth.ADMIN,
    data=schemas.UserList,
    errors=(BadCursor, PageTooDeep),
)
def admin_list_users(
    query: schemas.UsersQuery, caller: AccountCaller, directory: Directory, audit_log: AuditLog
) -> Reply:
    """Lists users, newest first."""
    users, found = directory.page(query, query.user_filter)
    audit_log.read(
        Actor.of(caller), "adminListUsers", "users", [user_path(user.id) for user in users]
    )
    return Reply(
        schemas.UserList(users=[schemas.AdminUserView.of(user) for user in users]),
        "Users fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/admin/search-users", auth=Auth.ADMIN, data=schemas.FoundUsers)
def search_users(
    query: schemas.SearchQuery, caller: AccountCaller, directory: Directory, audit_log: AuditLog
) -> Reply:
    """Finds users whose email address or name starts with the search text (case-insensitive)."""
    users, total = directory.search(query.search, query.user_filter, query.limit)
    audit_log.read(Actor.of(caller), "searchUsers", "users", [user_path(user.id) for user in users])
    views = [schemas.AdminUserView.of(user) for user in users]
    return Reply(
        schemas.FoundUsers(users=views, total_count=total),
        "Users fetched successfully",
        meta=query.meta(total),
    )


@api.get(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    data=schemas.AdminUserDetailsData,
    errors=(UserNotFound,),
)
def admin_get_user(
    path: schemas.UserPath, caller: AccountCaller, admin_users: AdminUsers, audit_log: AuditLog
) -> Reply:
    """Returns one user with plan, balances and the number of sessions."""
    user = schemas.AdminUserDetails.of_details(admin_users.get(path.user_id))
    audit_log.read_user(caller, "adminGetUser", path.user_id)
    return Reply(schemas.AdminUserDetailsData(user=user), "User fetched successfully")


@api.put(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    data=schemas.AdminUserData,
    errors=(
        UserNotFound,
        PlanNotFound,
        PlanAmbiguous,
        GuestNotAllowed,
        NotSubscribed,
        BadDates,
        BalanceHeld,
        ManagedByStripe,
        EmailTaken,
        EmailUnproved,
        NotAccepted,
        NoEmail,
        RecentSignInRequired,
        OwnAccount,
        LastAdmin,
        CannotSuspendAdmin,
    ),
)
def admin_update_user(
    path: schemas.UserPath,
    body: schemas.UpdateUserBody,
    caller: AccountCaller,
    accounts: Accounts,
    admin_users: AdminUsers,
) -> Reply:
    """Updates a user; fields that you omit stay unchanged, and on an error all do. To change the
    email address or the role, sign in at most 5 minutes before; only a user whose address is
    verified can become an administrator."""
    if body.email is not None or body.role is not None:
        accounts.require_recent_sign_in(caller)
    details = admin_users.update(Actor.of(caller), path.user_id, body.change())
    user = schemas.AdminUserView.of(details.user)
    return Reply(schemas.AdminUserData(user=user), "User updated successfully")


@api.delete(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    errors=(UserNotFound, OwnAccount, OwnsCompany, LastAdmin, RecentSignInRequired),
)
def admin_delete_user(
    path: schemas.UserPath, caller: AccountCaller, accounts: Accounts, admin_users: AdminUsers
) -> Reply:
    """Ends all access now, and erases all data of the user within a few hours. Sign in at most 5
    minutes before."""
    accounts.require_recent_sign_in(caller)
    admin_users.delete(Actor.of(caller), path.user_id)
    return Reply(message="User deleted successfully")


@api.put(
    "/api/admin/users/suspension/<userId>",
    auth=Auth.ADMIN,
    data=schemas.AdminUserData,
    errors=(UserNotFound, OwnAccount, CannotSuspendAdmin),
)
def toggle_suspension(
    path: schemas.UserPath, caller: AccountCaller, admin_users: AdminUsers
) -> Reply:
    """Suspends a user, or lifts the suspension. A suspension ends every session immediately,
    and all jobs within minutes."""
    details = admin_users.toggle_suspension(Actor.of(caller), path.user_id)
    done = "suspended" if details.user.suspended else "unsuspended"
    user = schemas.AdminUserView.of(details.user)
    return Reply(schemas.AdminUserData(user=user), f"User {done} successfully")


@api.get(
    "/api/admin/jobs",
    auth=Auth.ADMIN,
    data=schemas.AdminJobList,
    errors=(BadCursor, PageTooDeep),
)
def admin_jobs(
    query: schemas.JobsQuery,
    caller: AccountCaller,
    admin_jobs: AdminJobs,
    job_specs: JobSpecs,
    audit_log: AuditLog,
) -> Reply:
    """Lists everybody's jobs, newest first, without the texts they work on."""
    jobs, found = admin_jobs.page(query, query.job_filter)
    audit_log.read(
        Actor.of(caller), "adminJobs", "jobs", [user_path(each.job.uid) for each in jobs]
    )
    return Reply(
        schemas.AdminJobList(jobs=[schemas.AdminJobView.of(each, job_specs) for each in jobs]),
        "Jobs fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.post(
    "/api/admin/jobs/<jobId>/cancel",
    auth=Auth.ADMIN,
    data=schemas.AdminJobData,
    errors=(JobNotFound,),
)
def admin_cancel_job(
    path: schemas.JobPath, caller: AccountCaller, admin_jobs: AdminJobs, job_specs: JobSpecs
) -> Reply:
    """Cancels anybody's job. A job that has already ended does not change."""
    job = admin_jobs.cancel(Actor.of(caller), path.job_id)
    view = schemas.AdminJobView.of(job, job_specs)
    return Reply(schemas.AdminJobData(job=view), f"The job is {view.status}")


@api.get("/api/admin/stats", auth=Auth.ADMIN, data=schemas.AdminStatsData)
def get_admin_stats(statistics: Statistics) -> Reply:
    """Counts users, in total and by plan."""
    data = schemas.AdminStatsData.of(statistics.stats())
    return Reply(data, "Statistics fetched successfully")


@api.get(
    "/api/admin/stats/series",
    auth=Auth.ADMIN,
    data=schemas.StatsSeriesData,
    errors=(UnknownChoice,),
)
def stats_series(query: schemas.SeriesQuery, statistics: Statistics) -> Reply:
    """Counts what was created on each day (UTC), for a chart. What has been deleted since, or has
    expired, does not count."""
    points = statistics.series(query.metric, *query.days)
    series = schemas.StatsSeriesView.of(query.metric, points)
    return Reply(schemas.StatsSeriesData(series=series), "Statistics fetched successfully")


@api.get("/api/admin/recent-activity", auth=Auth.ADMIN, data=schemas.RecentActivity)
def list_recent_activity(
    query: schemas.RecentQuery, caller: AccountCaller, statistics: Statistics, audit_log: AuditLog
) -> Reply:
    """Lists the latest activities of all users."""
    found = [schemas.RecentActionView.of(each) for each in statistics.recent(query.limit)]
    whose = [user_path(each.user_id) for each in found]
    audit_log.read(Actor.of(caller), "listRecentActivity", "activities", whose)
    return Reply(
        schemas.RecentActivity(activities=found),
        "Recent activity fetched successfully",
        meta=query.meta(len(found)),  # older activities are not part of this list
    )


@api.get(
    "/api/admin/audit",
    auth=Auth.ADMIN,
    data=schemas.AuditEntries,
    errors=(BadCursor, PageTooDeep),
)
def admin_audit(query: schemas.AuditQuery, caller: AccountCaller, audit_log: AuditLog) -> Reply:
    """Lists what administrators changed, and whose personal data they read, newest first. Reading
    this list is recorded too."""
    audit_log.read(Actor.of(caller), "adminAudit", query.target or "audit")
    found, page = audit_log.page(query, about=query.target, actor=query.actor)
    return Reply(
        schemas.AuditEntries(entries=[schemas.AuditEntryView.of(entry) for entry in found]),
        "Audit log fetched successfully",
        meta=query.meta(page.total, page.next_cursor),
    )
