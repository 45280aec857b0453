"""Scenes with cloned voices: bare lists and objects, and a `token` at the top level."""

from __future__ import annotations

from troupe.compat.documents import FILE, MOST, Document, Rule
from troupe.compat.shapes import At, same

DONE = same("success", "message")
USER = same(
    *("id", "name", "email", "tokens", "isVerified", "subscription", "createdAt", "updatedAt")
)
SIGNED_IN = Rule(
    answer=DONE
    | {
        "token": "data.accessToken",
        "user": At("data.user", USER),
        "expiresIn": "data.expiresIn",
    }
)
CHARACTER = same(
    *("id", "displayName", "audioFile", "images", "outputPrefix", "createdAt", "updatedAt"),
    *("hasAudio", "imageCount", "createdBy", "createdByName", "isOwner", "starred", "isStarred"),
) | {"config": At("config", same("speed", "nfeSteps", "crossFadeDuration", "removeSilences"))}
STAR = Rule(
    answer=DONE
    | {
        "characterId": "data.characterId",
        "starred": "data.starred",
        "isStarred": "data.isStarred",
    }
)
SCRIPT = same(
    *("id", "selectedCharacters", "originalPrompt", "createdAt", "updatedAt", "hasAudio"),
    *("audioCount", "finalVideoPath", "videoDuration"),
) | {"dialogue": At("dialogue", same("speaker", "text", "audioFile"))}
LISTED_SCRIPT = SCRIPT | same(
    *("videoSize", "videoJobId", "videoJobStatus", "videoJobProgress", "videoJobCurrentStep"),
    *("videoJobStartedAt", "videoJobCompletedAt", "videoJobErrorMessage"),
)
STEP = same(
    *("stepName", "status", "progress", "message", "startedAt", "completedAt", "errorMessage")
)
JOB = same(
    *("jobId", "scriptId", "userId", "status", "overallProgress", "currentStep", "totalSteps"),
    *("completedSteps", "createdAt", "startedAt", "completedAt", "finalVideoPath"),
    *("videoDuration", "videoSize", "errorMessage"),
) | {"steps": At("steps", STEP)}
ACTIVITY = same("id", "type", "message", "timestamp", "scriptId", "characterId", "videoPath")

CLONING = Document(
    # The document shows no error. This is what its framework, FastAPI, sends.
    failure={"detail": "message"},
    rules={
        "auth": {
            "POST /api/signup": SIGNED_IN,
            "POST /api/login": SIGNED_IN,
            "GET /api/me": Rule(answer=At("data.user", USER)),
            "POST /api/refresh-token": SIGNED_IN,
            "GET /api/my-activities": Rule(
                answer={
                    "activities": At("data.activities", ACTIVITY),
                    "totalCount": "data.totalCount",
                    "limit": "data.limit",
                }
            ),
            "GET /api/my-activity-stats": Rule(
                answer=At(
                    "data",
                    same(
                        *("scriptActivities", "characterActivities", "videoActivities"),
                        *("totalActivities", "lastActivityAt"),
                    ),
                )
            ),
            "DELETE /api/my-activities": Rule(answer=DONE),
        },
        "characters": {
            "GET /api/characters": Rule(answer=At("data.characters", CHARACTER), limit=MOST),
            "GET /api/my-characters": Rule(answer=At("data.characters", CHARACTER), limit=MOST),
            "POST /api/characters/complete": Rule(answer=At("data.character", CHARACTER)),
            "PUT /api/characters/{characterId}": Rule(answer=At("data.character", CHARACTER)),
            "DELETE /api/characters/{characterId}": Rule(
                answer={"message": "message", "deletedFiles": "data.deletedFiles"}
            ),
            "POST /api/characters/{characterId}/star": STAR,
            "DELETE /api/characters/{characterId}/star": STAR,
            "GET /api/static/{kind}/{name}": FILE,  # where an `audioFile` and `images` lead
        },
        "scripts": {
            "POST /api/scripts/generate": Rule(answer=At("data.script", SCRIPT)),
            "GET /api/my-scripts": Rule(
                answer={
                    "scripts": At("data.scripts", LISTED_SCRIPT),
                    "userTokens": "data.userTokens",
                }
            ),
            "PUT /api/scripts/{scriptId}": Rule(answer=At("data.script", SCRIPT)),
            "DELETE /api/scripts/{scriptId}": Rule(
                answer={
                    "message": "message",
                    "deletedMediaFiles": "data.deletedMediaFiles",
                    "deletedCount": "data.deletedCount",
                }
            ),
            "POST /api/scripts/{scriptId}/generate-video": Rule(
                answer={"job": At("data.job", JOB), "message": "message"},
                statuses={402: 400},  # too few tokens
            ),
            "GET /api/scripts/{scriptId}/video-status": Rule(
                answer=At(
                    "data",
                    same(
                        *("scriptId", "status", "stage", "progress", "message", "startedAt"),
                        *("completedAt", "errorMessage", "finalVideoPath"),
                    ),
                )
            ),
            "GET /api/video-jobs/{jobId}": Rule(answer=At("data.job", JOB)),
            "GET /api/scripts/{scriptId}/audio": FILE,  # where the `audioFile` of a line leads
            "GET /api/videos/{name}": FILE,  # where a `finalVideoPath` leads
        },
    },
)
