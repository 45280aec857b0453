"""A dashboard for text to speech: flat answers in snake_case."""

from __future__ import annotations

from troupe.compat.documents import FILE, MOST, Document, Rule
from troupe.compat.shapes import At, same, snake

DONE = same("success", "message")
USER = same("id", "name", "email") | snake("createdAt")
ADMIN = same("id", "email") | {"role": "role.name"}
# The columns that the document lists for its table. A subscription has the id of its user.
SUBSCRIPTION = {
    "id": "data.subscription.id",
    "user_id": "data.subscription.id",
    "plan_type": "data.subscription.currentPlan.id",
    "tokens": "data.tokensRemaining",
    "start_date": "data.subscription.startedAt",
    "expiry_date": "data.subscription.expiryDate",
    "status": "data.subscription.status",
}
PROFILE_SUBSCRIPTION = SUBSCRIPTION | {
    "id": "data.user.id",
    "user_id": "data.user.id",
    "plan_type": "data.subscription.plan",
}
USERS = At(
    "data.users",
    same("id", "email", "plan", "tokens", "status") | snake("startDate", "expiryDate"),
)

RAKET = Document(
    failure=DONE,
    rules={
        "auth": {
            "POST /api/auth/register": Rule(answer=DONE | {"user_id": "data.user.id"}),
            "POST /api/auth/login": Rule(
                answer=DONE | {"token": "data.accessToken", "user_data": At("data.user", USER)}
            ),
            "POST /api/auth/logout": Rule(answer=DONE),
            "GET /api/auth/verify-token": Rule(
                answer={"valid": "data.valid", "user_data": At("data.user", USER)}
            ),
            "GET /api/user/profile": Rule(
                answer={
                    "user_data": At("data.user", USER),
                    "subscription_info": PROFILE_SUBSCRIPTION,
                    "tokens_remaining": "data.tokensRemaining",
                }
            ),
        },
        "admin": {
            "POST /api/admin/login": Rule(answer=DONE | {"admin_token": "data.accessToken"}),
            "GET /api/admin/verify": Rule(
                answer={"valid": "data.valid", "admin_data": At("data.admin", ADMIN)}
            ),
            "GET /api/admin/stats": Rule(
                answer=At(
                    "data",
                    snake(
                        "lowPlanUsers", "middlePlanUsers", "highPlanUsers", "enterprisePlanUsers"
                    ),
                )
            ),
            "GET /api/admin/users": Rule(answer={"users": USERS}),
            "PUT /api/admin/users/{userId}": Rule(answer=DONE),
            "DELETE /api/admin/users/{userId}": Rule(answer=DONE),
            "GET /api/admin/recent-activity": Rule(
                answer={
                    "activities": At(
                        "data.activities", snake("userEmail") | same("action", "timestamp")
                    )
                }
            ),
            "GET /api/admin/search-users": Rule(
                answer={"users": USERS, "total_count": "data.totalCount"}, limit=MOST
            ),
        },
        "voice": {
            "POST /api/voice/generate": Rule(
                answer={
                    "success": "success",
                    "audio_url": "data.audioUrl",
                    "tokens_used": "data.tokensUsed",
                    "remaining_tokens": "data.remainingTokens",
                },
                wait=30,
            ),
            "GET /api/voice/languages": Rule(
                answer={"languages": At("data.languages", same("code", "name", "flag"))}
            ),
            "GET /api/voice/styles": Rule(
                answer={"styles": At("data.styles", same("id", "name", "description"))}
            ),
            "GET /api/user/voice-history": Rule(
                answer={
                    "history": At(
                        "data.history",
                        same("id", "title", "tokens", "date", "status") | snake("audioUrl"),
                    )
                },
                limit=MOST,
            ),
            "POST /api/user/download-audio": FILE,
            "GET /api/voice/generations/{generationId}/audio": FILE,  # where an `audio_url` leads
        },
        "plans": {
            "GET /api/subscriptions/plans": Rule(
                answer={
                    "plans": At("data.plans", same("id", "name", "price", "tokens", "features"))
                }
            ),
            "POST /api/subscriptions/create": Rule(
                answer={"success": "success", "subscription_id": "data.subscriptionId"}
            ),
            "GET /api/subscriptions/user/{userId}": Rule(
                answer={
                    "subscription_data": SUBSCRIPTION,
                    "tokens_remaining": "data.tokensRemaining",
                    "expiry_date": "data.expiryDate",
                }
            ),
            "GET /api/tokens/usage/{userId}": Rule(
                answer=At("data", snake("usedTokens", "totalTokens", "usagePercentage"))
            ),
            "POST /api/tokens/consume": Rule(
                answer={"success": "success", "remaining_tokens": "data.remainingTokens"}
            ),
        },
        "support": {
            "POST /api/contact/submit": Rule(answer=DONE),
            "GET /api/demo/token-usage": Rule(
                answer={
                    "demo_data": At(
                        "data.demo",
                        snake("usedTokens", "totalTokens", "remainingTokens", "usagePercentage"),
                    )
                }
            ),
        },
        "files": {
            "POST /api/files/upload": Rule(
                answer={"success": "success", "file_url": "data.fileUrl", "file_id": "data.fileId"}
            ),
            "GET /api/files/download/{fileId}": FILE,
        },
    },
)
