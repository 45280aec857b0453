"""The admin function: signing in, users, numbers and deeds."""

from __future__ import annotations

from flask import request

from troupe import wiring
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
from troupe.admin.actor import current_actor
from troupe.paging import BadCursor, PageTooDeep
from troupe.plans.service import PlanAmbiguous, PlanNotFound
from troupe.plans.subscriptions import BadDates, BalanceHeld, SubscriptionNotFound
from troupe.web.caller import Auth, current_caller
from troupe.web.reply import Reply
from troupe.web.routes import Api

api = Api("admin", "Administration: users and numbers")


@api.post(
    "/api/admin/login",
    auth=Auth.PUBLIC,
    data=schemas.AdminSignedIn,
    errors=(InvalidCredentials, AccountSuspended, NotAnAdmin, TooManyAttempts),
    limit="login",
)
def admin_login(body: LoginBody) -> Reply:
    """Signs an administrator in. Who is none learns that with the right password alone."""
    agent = request.headers.get("User-Agent", "")
    signed_in = wiring.accounts().login(body.email, body.password, agent, role="admin")
    return Reply(schemas.AdminSignedIn.of(signed_in), "Logged in successfully")


@api.get("/api/admin/verify", auth=Auth.ADMIN, data=schemas.ValidAdmin)
def admin_verify() -> Reply:
    """Whether the bearer is an administrator's, and whose."""
    admin = UserView.of(current_caller().user)
    return Reply(schemas.ValidAdmin(valid=True, admin=admin), "Token is valid")


@api.get(
    "/api/admin/users",
    auth=Auth.ADMIN,
    data=schemas.UserList,
    errors=(BadCursor, PageTooDeep),
)
def admin_list_users(query: schemas.UsersQuery) -> Reply:
    """All users, newest first."""
    users, found = wiring.admin_users().page(query, query.wanted)
    return Reply(
        schemas.UserList(users=[schemas.AdminUserView.of(user) for user in users]),
        "Users fetched successfully",
        meta=query.meta(found.total, found.next_cursor),
    )


@api.get("/api/admin/search-users", auth=Auth.ADMIN, data=schemas.FoundUsers)
def search_users(query: schemas.SearchQuery) -> Reply:
    """Users whose e-mail address or name begins with what is sought, in any case."""
    users, total = wiring.admin_users().search(query.search, query.wanted, query.limit)
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
def admin_get_user(path: schemas.UserPath) -> Reply:
    """One user with plan, balances and the number of sessions."""
    user = schemas.AdminUserDetails.of(wiring.admin_users().get(path.user_id))
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
def admin_update_user(path: schemas.UserPath, body: schemas.UpdateUserBody) -> Reply:
    """Changes all that is sent at once, or nothing of it."""
    shown = wiring.admin_users().update(current_actor(), path.user_id, body.change())
    user = schemas.AdminUserView.of(shown)
    return Reply(schemas.AdminUserData(user=user), "User updated successfully")


@api.delete(
    "/api/admin/users/<userId>",
    auth=Auth.ADMIN,
    errors=(UserNotFound, OwnAccount, LastAdmin),
)
def admin_delete_user(path: schemas.UserPath) -> Reply:
    """Ends all access at once; everything that the user has is erased in the hours after."""
    wiring.admin_users().delete(current_actor(), path.user_id)
    return Reply(message="User deleted successfully")


@api.put(
    "/api/admin/users/suspension/<userId>",
    auth=Auth.ADMIN,
    data=schemas.AdminUserData,
    errors=(UserNotFound, OwnAccount, CannotSuspendAdmin),
)
def toggle_suspension(path: schemas.UserPath) -> Reply:
    """Suspends a user, or lets one back in. Every session of a suspended user ends at once."""
    shown = wiring.admin_users().toggle_suspension(current_actor(), path.user_id)
    done = "suspended" if shown.user.suspended else "unsuspended"
    user = schemas.AdminUserView.of(shown)
    return Reply(schemas.AdminUserData(user=user), f"User {done} successfully")


@api.get("/api/admin/stats", auth=Auth.ADMIN, data=schemas.AdminStatsData)
def stats() -> Reply:
    """How many users there are, and with which plans."""
    data = schemas.AdminStatsData.of(wiring.statistics().stats())
    return Reply(data, "Statistics fetched successfully")


@api.get("/api/admin/recent-activity", auth=Auth.ADMIN, data=schemas.RecentActivity)
def recent_activity(query: schemas.RecentQuery) -> Reply:
    """What users did last."""
    deeds = [schemas.RecentActionView.of(deed) for deed in wiring.statistics().recent(query.limit)]
    return Reply(schemas.RecentActivity(activities=deeds), "Recent activity fetched successfully")
