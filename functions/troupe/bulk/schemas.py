"""What bulk operations of administrators take, and what all of them answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from troupe.bulk.records import MOST_ITEMS, Action, BulkInput, Target
from troupe.bulk.specs import BULK
from troupe.companies.writes import link_of
from troupe.jobs.schemas import JobView
from troupe.web.reply import Reply
from troupe.web.schema import Id, Schema, example

if TYPE_CHECKING:
    from troupe.bulk.service import Bulk, BulkResult


class BulkPath(Schema):
    bulk_id: Id = Field(description="The id of the job.")


class BulkAccounts(Schema):
    model_config = example({"userIds": ["ID_OF_A_USER"], "action": "suspend"})

    user_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_ITEMS)]
    action: Literal["suspend", "activate", "delete"] = Field(
        description="`activate` lifts a suspension. `delete` needs a sign-in at most 5 minutes ago."
    )

    @property
    def count(self) -> int:
        return len(self.user_ids)

    def given(self) -> BulkInput:
        ids = list(dict.fromkeys(self.user_ids))
        return BulkInput(target=Target.ACCOUNTS, action=Action(self.action), ids=ids)


class ItemView(Schema):
    id: str = Field(description="Of the user or license; for `invite`, the address.")
    ok: bool
    code: str = Field(description="That of the error of the single operation; empty if it is ok.")
    message: str
    link: str = Field(description="Of an invitation: see `POST /api/users`. Else empty.")

    @classmethod
    def of(cls, result: BulkResult) -> Self:
        item = result.item
        return cls(
            id=item.id,
            ok=item.code is None,
            code=item.code or "",
            message=item.message,
            link=link_of(result.token) if result.token else "",
        )


class BulkData(Schema):
    results: list[ItemView] = Field(
        description="In the order of the items; so far, while the job is at work. Kept for 7 days."
    )
    job: JobView

    @classmethod
    def of(cls, bulk: Bulk) -> Self:
        return cls(
            results=[ItemView.of(each) for each in bulk.results], job=JobView.of(bulk.job, BULK)
        )


def asked(body: Schema) -> dict[str, Any]:
    """What identifies a request."""
    return body.model_dump(mode="json")


def weight(given: Mapping[str, Any]) -> int:
    """What a request counts for its rate limit."""
    return int(given["body"].count)


def reply(bulk: Bulk) -> Reply:
    ended = bulk.job.status.ended
    return Reply(
        BulkData.of(bulk),
        "Bulk operation done" if ended else "Bulk operation started",
        status=200 if ended else 202,
        headers={"Location": f"/api/bulk/{bulk.job.id}"},
    )
