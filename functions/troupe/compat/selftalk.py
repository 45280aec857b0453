"""A voice companion, sold by the minute: our envelope, `_id`, and snake_case beside camelCase."""

from __future__ import annotations

from troupe.compat.documents import FILE, Document, Rule
from troupe.compat.shapes import At, Shape, same, snake

DONE = same("success", "statusCode", "message")
ROLE = {"role": At("role", same("_id", "name", "description"))}
USER = same("_id", "username", "email", "profilePicture") | ROLE
SIGNED_IN = DONE | {
    "data": {"user": At("data.user", USER), "accessToken": "data.accessToken"},
}
SHORT_TERMS = same("_id", "name", "price") | snake("billingPeriod")
PLAN = same("_id", "name", "status", "price", "features", "description") | snake(
    "billingPeriod", "voiceMinutes", "isPopular"
)
TIMES = same("createdAt", "updatedAt")
MINUTES = snake("totalMinutes", "availableMinutes")
ADMIN_USER = (
    USER
    | snake("voiceId", "modelId", "subscriptionStartedAt", "isSuspended")
    | MINUTES
    | {"current_subscription": At("currentSubscription", SHORT_TERMS)}
    | TIMES
)
FAQ = same("_id", "category", "question", "answer") | TIMES


def _with(**data: Shape) -> dict[str, Shape]:
    return DONE | {"data": data}


ONE_PLAN = Rule(answer=_with(plan=At("data.plan", PLAN | TIMES)))
ONE_FAQ = Rule(answer=_with(faq=At("data.faq", FAQ)))

SELFTALK = Document(
    failure=DONE,
    rules={
        "auth": {
            "POST /api/auth/register": Rule(answer=SIGNED_IN),
            "POST /api/auth/login": Rule(answer=SIGNED_IN),
        },
        "plans": {
            "GET /api/subscriptions/plans": Rule(answer=_with(plans=At("data.plans", PLAN))),
            "GET /api/subscriptions/my-subscription": Rule(
                answer=_with(
                    user_subscription=At(
                        "data.subscription",
                        snake("voiceId", "modelId", "startedAt")
                        | MINUTES
                        | {"current_plan": At("currentPlan", SHORT_TERMS)},
                    )
                )
            ),
            "POST /api/subscriptions/subscribe": Rule(
                answer=_with(
                    user_subscription=At(
                        "data.subscription",
                        snake("startedAt")
                        | MINUTES
                        | {"current_plan": At("currentPlan", SHORT_TERMS | snake("voiceMinutes"))},
                    )
                )
            ),
            "POST /api/subscriptions/add-minutes": Rule(
                answer=DONE | {"data": At("data", snake("addedMinutes") | MINUTES)}
            ),
        },
        "admin": {
            "POST /api/admin/plans": ONE_PLAN,
            "GET /api/admin/plans": Rule(answer=_with(plans=At("data.plans", PLAN | TIMES))),
            "GET /api/admin/plans/{planId}": ONE_PLAN,
            "PUT /api/admin/plans/{planId}": ONE_PLAN,
            "DELETE /api/admin/plans/{planId}": Rule(answer=DONE),
            "GET /api/admin/users": Rule(
                answer=_with(users=At("data.users", ADMIN_USER))
                | {"meta": At("meta", same("total", "limit", "totalPages", "currentPage"))}
            ),
            "PUT /api/admin/users/suspension/{userId}": Rule(
                answer=_with(user=At("data.user", ADMIN_USER))
            ),
            "POST /api/admin/faq": ONE_FAQ,
            "GET /api/admin/faq": Rule(answer=_with(faqs=At("data.faqs", FAQ))),
            "GET /api/admin/faq/{faqId}": ONE_FAQ,
            "PUT /api/admin/faq/{faqId}": ONE_FAQ,
            "DELETE /api/admin/faq/{faqId}": Rule(answer=DONE),
        },
        "characters": {"GET /api/static/{kind}/{name}": FILE},  # where a `profilePicture` leads
    },
)
