"""The admin function: signing in, users, numbers and deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from troupe.accounts.errors import (
    AccountSuspended,
    CannotSuspendAdmin,
    EmailTaken,
    InvalidCredentials,
    LastAdmin,
    NoEmail,
    NotAccepted,
    NotAnAdmin,
    OwnAccount,
    TooManyAttempts,
    UserNotFound,
)
from troupe.accounts.schemas import LoginBody, UserView
from troupe.admin import schemas
from troupe.audit.records import Actor
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans.errors import (
    BadDates,
    BalanceHeld,
    PlanAmbiguous,
    PlanNotFound,
    SubscriptionNotFound,
)
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.accounts.service import Accounts
    from troupe.admin.stats import Statistics
    from troupe.admin.users import AdminUsers

api = Api("admin", "Administration: users and numbers")


@api.post(
    "/api/admin/login",
    auth=Auth.PUBLIC,
    data=schemas.AdminSignedIn,
    errors=(InvalidCredentials, AccountSuspended, NotAnAdmin, TooManyAttempts),
    limit="login",
)
def admin_login(body: LoginBody, accounts: Accounts) -> Reply:
    """Signs an administrator in. Who is none learns that with the right password alone."""
    agent = request.headers.get("User-Agent", "")
    signed_in = accounts.login(body.email, body.password, agent, role="admin")
    return Reply(schemas.AdminSignedIn.of(signed_in), "Logged in successfully")


@api.get("/api/admin/verify", auth=Auth.ADMIN, data=schemas.ValidAdmin)
def admin_verify(caller: AccountCaller) -> Reply:
    """Whether the bearer is an administrator's, and whose."""
    admin = UserView.of(caller.user)
    return Reply(schemas.ValidAdmin(valid=True, admin=admin), "Token is valid")


@api.get(
    "/api/admin/users",
    auth=Auth.ADMIN,
    data=schemas.UserList,
    errors=(BadCursor, PageTooDeep),
)
def admin_list_users(query: schemas.UsersQuery, admin_users: AdminUsers) -> Reply:
    """All users, newest first."""
    users, found = admin_users.page(query, query.wanted)
    return Reply(
        schemas.UserList(users=[schemas.AdminUserView.of(user) for user in users]),
        "Users fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/admin/search-users", auth=Auth.ADMIN, data=schemas.FoundUsers)
def search_users(query: schemas.SearchQuery, admin_users: AdminUsers) -> Reply:
    """Users whose e-mail address or name begins with what is sought, in any case."""
    users, total = admin_users.search(query.search, query.wanted, query.limit)
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
def admin_get_user(path: schemas.UserPath, admin_users: AdminUsers) -> Reply:
    """One user with plan, balances and the number of sessions."""
    user = schemas.AdminUserDetails.of_details(admin_users.get(path.user_id))
    return Reply(schemas.AdminUserDetailsData(user=user), "User fetched successfully")


@api.put(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    data=schemas.AdminUserData,
    errors=(
        *(UserNotFound, PlanNotFound, PlanAmbiguous, SubscriptionNotFound, BadDates, BalanceHeld),
        *(EmailTaken, NotAccepted, NoEmail, OwnAccount, LastAdmin, CannotSuspendAdmin),
    ),
)
def admin_update_user(
    path: schemas.UserPath,
    body: schemas.UpdateUserBody,
    caller: AccountCaller,
    admin_users: AdminUsers,
) -> Reply:
    """Changes all that is sent at once, or nothing of it."""
    shown = admin_users.update(Actor.of(caller), path.user_id, body.change())
    user = schemas.AdminUserView.of(shown.user)
    return Reply(schemas.AdminUserData(user=user), "User updated successfully")


@api.delete(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    errors=(UserNotFound, OwnAccount, LastAdmin),
)
def admin_delete_user(
    path: schemas.UserPath, caller: AccountCaller, admin_users: AdminUsers
) -> Reply:
    """Ends all access at once; everything that the user has is erased in the hours after."""
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
    """Suspends a user, or lets one back in. Every session of a suspended user ends at once."""
    shown = admin_users.toggle_suspension(Actor.of(caller), path.user_id)
    done = "suspended" if shown.user.suspended else "unsuspended"
    user = schemas.AdminUserView.of(shown.user)
    return Reply(schemas.AdminUserData(user=user), f"User {done} successfully")


@api.get("/api/admin/stats", auth=Auth.ADMIN, data=schemas.AdminStatsData)
def get_admin_stats(statistics: Statistics) -> Reply:
    """How many users there are, and with which plans."""
    data = schemas.AdminStatsData.of(statistics.stats())
    return Reply(data, "Statistics fetched successfully")


@api.get("/api/admin/recent-activity", auth=Auth.ADMIN, data=schemas.RecentActivity)
def list_recent_activity(query: schemas.RecentQuery, statistics: Statistics) -> Reply:
    """What users did last."""
    deeds = [schemas.RecentActionView.of(deed) for deed in statistics.recent(query.limit)]
    return Reply(
        schemas.RecentActivity(activities=deeds),
        "Recent activity fetched successfully",
        meta=query.meta(len(deeds)),  # what there was before is not in this list
    )
