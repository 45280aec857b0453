"""Webhooks: created, changed, signed, and told what happens, through every failure."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask import Flask
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from tests.fakes.webhook_receiver import Received, Receiver, webhook_receiver
from tests.functions.test_generate_task import MAIN
from tests.support.companies import Firm, a_firm
from tests.support.factories import CountingDatabase, HeldQueue, code, signed_in, test_settings
from tests.support.wiring import app_for, rewired, services
from troupe import tokens
from troupe.adapters.firestore import Database, Delete, Update, now
from troupe.adapters.queue import QueueUnavailable
from troupe.app.domains import job_specs
from troupe.commands.webhooks_audit import audit_webhooks
from troupe.generations.request_schemas import GenerateVoice
from troupe.jobs.records import JobStatus
from troupe.tokens import TASK_TOKEN_HEADER
from troupe.waiters import Waiters
from troupe.webhook_events import EventType, event_write
from troupe.webhooks.delivering import PLAN, Deliverer
from troupe.webhooks.errors import NotYet
from troupe.webhooks.lifecycle import erase, export
from troupe.webhooks.posting import Poster
from troupe.webhooks.records import Delivery, DeliveryStatus, Webhook, deliveries_path, webhook_path

DOCS = Path(__file__).parents[2] / "docs"
EVENTS = ["generation.completed", "generation.failed", "generation.cancelled"]
TEXT = "Good evening."


class Owner:
    """A user with webhooks, and what the tasks of this user do."""

    def __init__(self, db: Database, queue: HeldQueue) -> None:
        self.db, self.queue = db, queue
        self.uid, self.headers = signed_in(db)

    def ask(self, method: str, path: str = "", **options: Any) -> Any:
        client = app_for("developers").test_client()
        url = f"/api/webhooks{path}"
        return client.open(url, method=method, headers=self.headers, **options)

    def data(self, method: str, path: str = "", **options: Any) -> Any:
        answer = self.ask(method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer.json.get("data")

    def hook(self, url: str = "https://example.com/hook", **body: Any) -> str:
        body = {"url": url, "events": EVENTS, **body}
        return str(self.data("POST", json=body)["webhook"]["id"])

    def generate(self) -> str:
        request = GenerateVoice.model_validate({"text": TEXT, "language": "en-us"})
        job = services().generations.generate(self.uid, request.command(), None)
        return str(job.generation.id)

    def work(self) -> None:
        """Does everything in the queue, and what follows, but no attempt that is not due."""
        while tasks := self.queue.take():
            for task in tasks:
                with suppress(NotYet):
                    do(task)

    def happen(
        self,
        type: EventType = EventType.GENERATION_COMPLETED,
        at: datetime | None = None,
        owner: str | None = None,
    ) -> str:
        """An event without a job; returns its id."""
        cause = f"{secrets.token_hex(8)}-happened"
        self.db.commit(event_write(owner or self.uid, type, cause, at or now(), {"id": cause[:8]}))
        return cause

    def webhook(self, webhook_id: str) -> Webhook:
        return Webhook.of(self.db.get(webhook_path(webhook_id)))

    def delivery(self, webhook_id: str, event_id: str) -> Delivery:
        return Delivery.of(self.db.get(f"{deliveries_path(webhook_id)}/{event_id}"))

    def all(self, webhook_id: str) -> list[Delivery]:
        found = self.db.find(deliveries_path(webhook_id), limit=100)
        return [Delivery.of(each) for each in found]

    def pass_time(self, webhook_id: str, event_id: str) -> None:
        """Until the next attempt is due."""
        path = f"{deliveries_path(webhook_id)}/{event_id}"
        self.db.commit(Update(path, {"nextTryAt": now(), "leaseUntil": None}))


def do(task: dict[str, Any]) -> None:
    if "jobId" in task:
        services().runner.run(task["jobId"], task.get("part"), task.get("uid"))
    elif "eventId" in task:
        services().webhook_deliverer.fan_out(task["eventId"])
    else:
        services().webhook_deliverer.deliver(task["webhookId"], task["deliveryId"])


@pytest.fixture
def owner(db: Database, queue: HeldQueue) -> Owner:
    return Owner(db, queue)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as fake, rewired(webhook_poster=Poster(seconds=1)):
        yield fake


def verified(received: Received, secret: str) -> Any:
    return Verifier(secret).verify(received.body, received.headers)


def test_a_webhook_is_told_of_finished_work(owner: Owner, receiver: Receiver) -> None:
    made = owner.data("POST", json={"url": receiver.url, "events": EVENTS})
    secret, webhook_id = made["secret"], made["webhook"]["id"]
    assert secret.startswith("whsec_")
    assert owner.data("GET", f"/{webhook_id}/secret") == {"secret": secret}
    generation = owner.generate()
    owner.work()
    (got,) = receiver.got
    event = verified(got, secret)
    assert event["type"] == "generation.completed"
    told = event["data"]
    assert (told["id"], told["jobId"], told["userId"]) == (generation, generation, owner.uid)
    assert (told["status"], told["meter"], told["charged"]) == ("completed", "tokens", 1)
    assert TEXT not in got.body
    assert got.headers["webhook-id"] == f"{generation}-completed"
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(got.body.replace("completed", "failed"), got.headers)
    stored = repr(owner.db.get(webhook_path(webhook_id)).data) + repr(owner.all(webhook_id))
    assert secret.removeprefix("whsec_") not in stored
    (shown,) = owner.data("GET", f"/{webhook_id}/deliveries")["deliveries"]
    assert (shown["status"], shown["tries"], shown["type"]) == ("delivered", 1, event["type"])
    assert [each["status"] for each in shown["attempts"]] == [200]
    assert owner.db.count("webhookEvents", where=[("ownerId", "==", owner.uid)]) == 0


def test_cancelled_work_is_told_once(owner: Owner, receiver: Receiver) -> None:
    owner.hook(receiver.url)
    job_id = owner.generate()
    services().jobs.cancel(job_id)
    services().jobs.cancel(job_id)
    owner.work()
    assert [json.loads(each.body)["type"] for each in receiver.got] == ["generation.cancelled"]


def test_both_secrets_sign_while_one_is_replaced(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    old = owner.data("GET", f"/{webhook_id}/secret")["secret"]
    new = owner.data("POST", f"/{webhook_id}/rotate")["secret"]
    assert owner.data("GET", f"/{webhook_id}/secret")["secret"] == new != old
    owner.data("POST", f"/{webhook_id}/test")
    owner.work()
    assert verified(receiver.got[0], old) == verified(receiver.got[0], new)
    past = now() - timedelta(seconds=1)
    owner.db.commit(Update(webhook_path(webhook_id), {"previousUntil": past}))
    owner.data("POST", f"/{webhook_id}/test")
    owner.work()
    assert verified(receiver.got[1], new)["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        verified(receiver.got[1], old)


def test_the_example_of_the_documentation(
    owner: Owner, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text(), re.DOTALL)
    example: dict[str, Any] = {}
    exec(text, example)  # noqa: S102 (our own)
    made = owner.data("POST", json={"url": receiver.url, "events": EVENTS})
    secret = made["secret"]
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    owner.data("POST", f"/{made['webhook']['id']}/test")
    owner.work()
    got, trial = sorted(receiver.got, key=lambda each: "webhook.test" in each.body)
    body = got.body.encode()
    assert example["receive"](body, got.headers, "whsec_" + "A" * 44) == 401
    capsys.readouterr()
    assert [example["receive"](body, got.headers, secret) for _ in range(2)] == [204, 204]
    (printed,) = capsys.readouterr().out.splitlines()
    assert printed.startswith(f"generation.completed {{'id': '{event_id[:8]}'")
    assert example["receive"](trial.body.encode(), trial.headers, secret) == 204
    assert capsys.readouterr().out.startswith("webhook.test {'webhookId': ")


# Prints what the library for Node makes of a request.
NODE = """
const { Webhook } = require("standardwebhooks");
const { secrets, body, headers } = JSON.parse(require("fs").readFileSync(0));
for (const secret of secrets) {
  try {
    console.log(new Webhook(secret).verify(body, headers).type);
  } catch (error) {
    console.log(error.constructor.name);
  }
}
"""


def test_the_library_for_node_accepts_both_secrets(owner: Owner, receiver: Receiver) -> None:
    made = owner.data("POST", json={"url": receiver.url, "events": EVENTS})
    webhook_id, old = made["webhook"]["id"], made["secret"]
    new = owner.data("POST", f"/{webhook_id}/rotate")["secret"]
    owner.data("POST", f"/{webhook_id}/test")
    owner.work()
    (got,) = receiver.got
    given = {"secrets": [old, new, "whsec_" + "A" * 44], "body": got.body, "headers": got.headers}
    said = subprocess.run(
        ["node", "-e", NODE],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        cwd=DOCS.parent,
    )
    assert said.stdout.split() == ["webhook.test", "webhook.test", "WebhookVerificationError"]


def test_two_rotations_at_once_replace_the_secret_once(owner: Owner) -> None:
    webhook_id = owner.hook()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: owner.ask("POST", f"/{webhook_id}/rotate"), range(4)))
    assert {each.status_code for each in answers} == {200}
    version = owner.webhook(webhook_id).secret_version
    shown = owner.data("GET", f"/{webhook_id}/secret")["secret"]
    assert shown in {each.json["data"]["secret"] for each in answers}
    assert 2 <= version <= 5


def test_ten_webhooks_and_no_more(owner: Owner) -> None:
    body = {"url": "https://example.com/hook", "events": EVENTS}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: owner.ask("POST", json=body), range(12)))
    assert sorted(each.status_code for each in answers) == [201] * 10 + [409] * 2
    assert code(next(each for each in answers if each.status_code == 409)) == (
        409,
        "too_many_webhooks",
    )
    listed = owner.data("GET")["webhooks"]
    assert len(listed) == owner.db.get(f"users/{owner.uid}").data["webhooks"] == 10
    assert owner.ask("DELETE", f"/{listed[0]['id']}").status_code == 200
    assert code(owner.ask("DELETE", f"/{listed[0]['id']}")) == (404, "webhook_not_found")
    owner.hook()


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://127.0.0.1/", "events": EVENTS},
        {"url": "http://example.com/", "events": EVENTS},
        {"url": "https://example.com/", "events": []},
        {"url": "https://example.com/", "events": ["webhook.test"]},
        {"url": "https://example.com/", "events": ["room.deleted"]},
        {"events": EVENTS},
    ],
)
def test_what_is_refused(owner: Owner, body: dict[str, Any]) -> None:
    assert code(owner.ask("POST", json=body)) == (422, "invalid_input")
    assert owner.data("GET")["webhooks"] == []


def test_guests_and_servers_without_webhooks(owner: Owner) -> None:
    body = {"url": "https://example.com/", "events": EVENTS}
    with rewired(settings=test_settings(WEBHOOKS="off")):
        assert code(owner.ask("POST", json=body)) == (503, "webhooks_not_configured")
        assert services().webhook_outbox.sweep_events(10) == 0
    owner.db.commit(Update(f"users/{owner.uid}", {"guest": True}))
    assert code(owner.ask("POST", json=body)) == (403, "guest_not_allowed")


def test_who_may_see_those_of_a_company(owner: Owner) -> None:
    firm = a_firm(owner.db)
    body = {"url": "https://example.com/", "events": EVENTS, "companyId": firm.id}
    owner.headers = firm.owner.headers
    webhook_id = owner.data("POST", json=body)["webhook"]["id"]
    assert owner.db.get(f"companies/{firm.id}").data["webhooks"] == 1
    admin, member = firm.join("admin"), firm.join()
    _, stranger = signed_in(owner.db)
    for headers, single, listed in (
        (admin.headers, 200, 200),
        (member.headers, 404, 403),
        (stranger, 404, 404),
    ):
        owner.headers = headers
        assert owner.ask("GET", f"/{webhook_id}").status_code == single
        assert owner.ask("GET", f"/{webhook_id}/secret").status_code == single
        assert owner.ask("POST", f"/{webhook_id}/test").status_code in (single, 202)
        assert owner.ask("GET", query_string={"companyId": firm.id}).status_code == listed
        assert owner.data("GET")["webhooks"] == []


def test_the_event_is_in_the_commit_of_its_cause(owner: Owner, receiver: Receiver) -> None:
    """The worker dies between the commit and its task; the sweep finds the event."""
    webhook_id = owner.hook(receiver.url)
    job_id = owner.generate()
    (task,) = owner.queue.take()
    owner.queue.failure = QueueUnavailable("down")
    do(task)
    event = owner.db.get(f"webhookEvents/{job_id}-completed")
    assert event.data["createdAt"] == owner.db.get(f"jobs/{job_id}").data["completedAt"]
    assert receiver.got == []
    owner.queue.failure = None
    owner.db.commit(Update(event.path, {"dueAt": datetime(2020, 1, 1, tzinfo=UTC)}))
    services().webhook_outbox.sweep_events(1)
    assert {"eventId": event.id} in [task for task, _ in owner.queue.tasks]
    # Now the task of the delivery is lost.
    owner.queue.tasks.clear()
    owner.queue.failure = QueueUnavailable("down")
    services().webhook_deliverer.fan_out(event.id)
    owner.queue.failure = None
    path = f"{deliveries_path(webhook_id)}/{event.id}"
    owner.db.commit(Update(path, {"dueAt": datetime(2020, 1, 1, tzinfo=UTC)}))
    services().webhook_outbox.sweep_deliveries(1)
    assert {"webhookId": webhook_id, "deliveryId": event.id} in [t for t, _ in owner.queue.tasks]
    owner.work()
    assert [each.headers["webhook-id"] for each in receiver.got] == [event.id]


def test_a_job_makes_no_call_for_webhooks(
    owner: Owner, receiver: Receiver, counting: CountingDatabase
) -> None:
    """Neither without any, nor with some: the event is in a commit that is made anyway."""
    another = Owner(owner.db, owner.queue)
    another.hook(receiver.url)
    calls = []
    with rewired(database=counting, queue=owner.queue):
        for each in (owner, another):
            each.generate()  # the first of a user creates documents
            do(*owner.queue.take())
            owner.queue.tasks.clear()
            counting.calls.clear()
            each.generate()
            do(*owner.queue.take())
            calls.append(dict(counting.calls))
            told = [task for task in owner.queue.take() if "eventId" in task]
            assert len(told) == (1 if each is another else 0)
    assert calls[0] == calls[1]
    assert owner.db.count("webhookEvents", where=[("ownerId", "==", owner.uid)]) == 0


def test_every_kind_of_work_has_events_that_exist() -> None:
    ended = [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED]
    made = {f"{spec.event}.{each}" for spec in job_specs().values() if spec.event for each in ended}
    others = ("webhook.", "payment.", "wallet.", "subscription.", "key.", "member.")
    assert made == {each.value for each in EventType if not each.startswith(others)}


def test_a_task_that_comes_twice_sends_once(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    event_id = owner.happen()
    for _ in range(2):
        services().webhook_deliverer.fan_out(event_id)
    owner.work()
    services().webhook_deliverer.deliver(webhook_id, event_id)
    assert len(receiver.got) == 1


def test_two_tasks_at_once_send_once(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    receiver.delay = 30
    deliverer = services().webhook_deliverer
    with rewired(webhook_poster=Poster(seconds=30)), ThreadPoolExecutor(1) as pool:
        first = pool.submit(services().webhook_deliverer.deliver, webhook_id, event_id)
        assert receiver.arrived.acquire(timeout=30)
        with pytest.raises(NotYet):
            deliverer.deliver(webhook_id, event_id)
        receiver.released.set()
        first.result(30)
    assert len(receiver.got) == 1
    assert owner.delivery(webhook_id, event_id).status is DeliveryStatus.DELIVERED


def test_a_failure_is_tried_again_later(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    receiver.answers.extend(["500", f"302:{receiver.url}/inside", "503:3600", "hang"])
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    owner.work()
    waits = []
    failing_since = owner.webhook(webhook_id).failing_since
    assert failing_since is not None
    for number in range(1, 5):
        assert owner.webhook(webhook_id).failing_since == failing_since
        tried = owner.delivery(webhook_id, event_id)
        assert (tried.status, tried.tries) == (DeliveryStatus.PENDING, number)
        assert tried.next_try_at is not None
        waits.append(tried.next_try_at - tried.attempts[-1].at)
        owner.pass_time(webhook_id, event_id)
        services().webhook_deliverer.deliver(webhook_id, event_id)
    planned = [PLAN[1], PLAN[2], timedelta(hours=1), PLAN[4]]  # the third by Retry-After
    for wait, plan in zip(waits, planned, strict=True):
        assert plan * 0.79 <= wait <= plan * 1.21
    done = owner.delivery(webhook_id, event_id)
    assert done.status is DeliveryStatus.DELIVERED
    said = [(each.status, each.error) for each in done.attempts]
    assert said == [(500, None), (302, None), (503, None), (None, "timeout"), (200, None)]
    assert {each.headers["webhook-id"] for each in receiver.got} == {event_id}
    assert len({each.body for each in receiver.got}) == 1
    assert {each.path for each in receiver.got} == {"/hook"}
    assert owner.webhook(webhook_id).failing_since is None


def test_a_task_that_is_early(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    receiver.answers.extend(["500", "500"])
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    owner.queue.tasks.clear()
    services().webhook_deliverer.deliver(webhook_id, event_id)
    with pytest.raises(NotYet):  # in five seconds
        services().webhook_deliverer.deliver(webhook_id, event_id)
    owner.pass_time(webhook_id, event_id)
    services().webhook_deliverer.deliver(webhook_id, event_id)
    services().webhook_deliverer.deliver(webhook_id, event_id)  # in five minutes: by the sweep
    assert len(receiver.got) == 2


def test_the_last_attempt(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    receiver.answers.append("500")
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    path = f"{deliveries_path(webhook_id)}/{event_id}"
    owner.db.commit(Update(path, {"tries": len(PLAN) - 1}))
    owner.work()
    failed = owner.delivery(webhook_id, event_id)
    assert (failed.status, failed.due_at) == (DeliveryStatus.FAILED, None)
    # A worker that dies in every attempt ends, too.
    owner.db.commit(Update(path, {"status": "pending"}))
    services().webhook_deliverer.deliver(webhook_id, event_id)
    assert owner.delivery(webhook_id, event_id).status is DeliveryStatus.FAILED
    assert len(receiver.got) == 1


def test_five_days_of_failures(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    receiver.answers.extend(["500", "500"])
    first = owner.happen()
    services().webhook_deliverer.fan_out(first)
    owner.work()
    assert owner.webhook(webhook_id).failing_since is not None
    since = now() - timedelta(days=5, seconds=1)
    owner.db.commit(Update(webhook_path(webhook_id), {"failingSince": since}))
    owner.pass_time(webhook_id, first)
    services().webhook_deliverer.deliver(webhook_id, first)
    shown = owner.data("GET", f"/{webhook_id}")["webhook"]
    assert (shown["enabled"], shown["disabledReason"]) == (False, "failing")
    (notice,) = owner.db.find(f"users/{owner.uid}/notifications", limit=5)
    assert (notice.data["type"], notice.data["params"]) == (
        "webhook_disabled",
        {"host": "127.0.0.1"},
    )
    owner.pass_time(webhook_id, first)
    services().webhook_deliverer.deliver(webhook_id, first)
    second = owner.happen()
    services().webhook_deliverer.fan_out(second)
    owner.work()
    assert {each.status for each in owner.all(webhook_id)} == {DeliveryStatus.HELD}
    assert len(receiver.got) == 2
    body = {"since": (now() - timedelta(hours=1)).isoformat()}
    recover = f"/{webhook_id}/recover"
    assert code(owner.ask("POST", recover, json=body)) == (409, "webhook_disabled")
    owner.data("PUT", f"/{webhook_id}", json={"enabled": True})
    assert owner.webhook(webhook_id).failing_since is None
    before = {**body, "until": body["since"]}
    assert owner.data("POST", recover, json=before) == {"count": 0}
    assert owner.data("POST", recover, json=body) == {"count": 2}
    assert owner.data("POST", recover, json=body) == {"count": 0}
    owner.work()
    assert {each.headers["webhook-id"] for each in receiver.got[2:]} == {first, second}
    delivered = owner.data("GET", f"/{webhook_id}/deliveries?status=delivered")["deliveries"]
    assert [each["id"] for each in delivered] == [second, first]


def test_a_receiver_that_is_gone(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    receiver.answers.append("410")
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    owner.work()
    webhook = owner.webhook(webhook_id)
    assert (webhook.enabled, webhook.disabled_reason) == (False, "gone")
    assert owner.delivery(webhook_id, event_id).status is DeliveryStatus.FAILED


def test_an_event_is_replayed(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    replay = f"/{webhook_id}/deliveries/{event_id}/replay"
    assert code(owner.ask("POST", replay)) == (409, "delivery_in_progress")
    owner.work()
    receiver.answers.append("500")
    assert owner.data("POST", replay)["delivery"]["status"] == "pending"
    owner.work()
    again = owner.delivery(webhook_id, event_id)
    assert (again.status, len(again.attempts)) == (DeliveryStatus.FAILED, 2)
    assert owner.webhook(webhook_id).failing_since is None  # it was tried by hand
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    nothing = f"/{webhook_id}/deliveries/nothing/replay"
    assert code(owner.ask("POST", nothing)) == (404, "delivery_not_found")


def test_a_disabled_webhook_can_be_tested(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    owner.data("PUT", f"/{webhook_id}", json={"enabled": False})
    assert owner.webhook(webhook_id).disabled_reason == "owner"
    receiver.answers.append("500")
    delivery = owner.data("POST", f"/{webhook_id}/test")["delivery"]
    owner.work()
    assert owner.delivery(webhook_id, delivery["id"]).status is DeliveryStatus.FAILED
    assert owner.webhook(webhook_id).failing_since is None


def test_events_that_nobody_wants(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url, events=["video.completed"])
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    assert owner.all(webhook_id) == []
    assert not owner.db.get(f"webhookEvents/{event_id}").exists


def test_a_slow_receiver_delays_no_other(owner: Owner, receiver: Receiver) -> None:
    """And none of its own deliveries is lost: those without a place come again."""
    slow, quick = owner.hook(receiver.url), owner.hook(receiver.url + "/quick")
    causes = [owner.happen() for _ in range(30)]
    for cause in causes:
        services().webhook_deliverer.fan_out(cause)
    receiver.delay = 0.05
    base = services()
    deliverer = Deliverer(
        base.database,
        base.webhook_sender,
        Poster().post,
        base.settings.webhook_master,
        Waiters(per_user=4, in_all=8),
        emulated=True,
    )
    refused = 0

    def run(task: dict[str, Any]) -> dict[str, Any] | None:
        try:
            deliverer.deliver(task["webhookId"], task["deliveryId"])
        except NotYet:
            return task
        return None

    tasks = owner.queue.take()
    with ThreadPoolExecutor(12) as pool:
        for _ in range(60):
            tasks = [each for each in pool.map(run, tasks) if each is not None]
            refused += len(tasks)
            if not tasks:
                break
    assert refused
    assert receiver.most_at_once <= 8
    for webhook_id in (slow, quick):
        assert {each.status for each in owner.all(webhook_id)} == {DeliveryStatus.DELIVERED}
    assert len(receiver.got) == 60
    assert {each.headers["webhook-id"] for each in receiver.got} == set(causes)


def test_a_deleted_webhook_gets_nothing(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    event_id = owner.happen()
    services().webhook_deliverer.fan_out(event_id)
    assert owner.ask("DELETE", f"/{webhook_id}").status_code == 200
    owner.work()
    assert receiver.got == []
    assert owner.db.get(f"users/{owner.uid}").data["webhooks"] == 0
    (discard,) = owner.db.find(
        "discards", where=[("collection", "==", deliveries_path(webhook_id))], limit=2
    )
    assert discard.data["dueAt"] > now()


def test_what_is_left_of_a_user_and_of_a_company(owner: Owner, receiver: Receiver) -> None:
    webhook_id = owner.hook(receiver.url)
    services().webhook_deliverer.fan_out(owner.happen())
    exported = [each.data for each in export(owner.uid, database=owner.db)]  # type: ignore[union-attr]
    assert [each.get("url") for each in exported] == [receiver.url, None]
    late = owner.happen()
    assert services().erasers["webhooks"](owner.uid, 10) == 2
    assert services().erasers["webhooks"](owner.uid, 10) == 0
    assert not owner.db.get(webhook_path(webhook_id)).exists
    assert not owner.db.get(f"webhookEvents/{late}").exists
    assert owner.all(webhook_id) == []


def test_a_deleted_company_has_no_webhooks(own_db: Database, queue: HeldQueue) -> None:
    with rewired(database=own_db, queue=queue):
        firm: Firm = a_firm(own_db)
        owner = Owner(own_db, queue)
        owner.headers = firm.owner.headers
        webhook_id = owner.hook(companyId=firm.id)
        services().webhook_deliverer.fan_out(owner.happen(owner=firm.id))
        assert len(owner.all(webhook_id)) == 1
        firm.owner.data("DELETE", firm.path, json={"confirm": firm.record.name})
        services().company_endings.sweep(10)
        assert own_db.count("webhooks") == own_db.count("deliveries", group=True) == 0
        assert erase(firm.id, 10, database=own_db) == 0


def test_the_audit_of_webhooks(own_db: Database, queue: HeldQueue) -> None:
    with rewired(database=own_db, queue=queue), webhook_receiver() as receiver:
        owner = Owner(own_db, queue)
        webhook_id = owner.hook(receiver.url)
        job_id = owner.generate()
        owner.work()
        late = owner.happen(at=now() - timedelta(hours=2))
        user, event = f"users/{owner.uid}", f"webhookEvents/{late}"
        assert audit_webhooks(own_db) == [(event, "has been due for more than an hour")]
        services().webhook_deliverer.fan_out(late)
        owner.work()
        assert audit_webhooks(own_db) == []
        delivery = f"{deliveries_path(webhook_id)}/{job_id}-completed"
        own_db.commit(
            Update(user, {"webhooks": 2}), Update(delivery, {"data.status": JobStatus.FAILED})
        )
        assert audit_webhooks(own_db) == [
            (user, "counts 2 webhooks, and has 1"),
            (delivery, f"tells that jobs/{job_id} is failed, but it is completed"),
        ]
        own_db.commit(Delete(webhook_path(webhook_id)), Delete(delivery))
        assert audit_webhooks(own_db) == [(user, "counts 2 webhooks, and has 0")]


def test_old_deliveries_expire(own_db: Database, queue: HeldQueue) -> None:
    with rewired(database=own_db, queue=queue):
        owner = Owner(own_db, queue)
        webhook_id = owner.hook()
        old, new = owner.happen(at=now() - timedelta(days=31)), owner.happen()
        for each in (old, new):
            services().webhook_deliverer.fan_out(each)
        assert services().webhooks.expire(10) == 1
        assert [each.id for each in owner.all(webhook_id)] == [new]


@pytest.fixture
def task_client(queue: HeldQueue, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function as functions-framework serves it."""
    monkeypatch.setattr("troupe.app.functions.instance", services)
    app: Flask = functions_framework.create_app("deliver", str(MAIN))
    return app.test_client()


def test_only_cloud_tasks_may_deliver(owner: Owner, receiver: Receiver, task_client: Any) -> None:
    owner.hook(receiver.url)
    event_id = owner.happen()
    path, task = f"webhookEvents/{event_id}", {"eventId": event_id}
    access = tokens.encode(purpose="access", subject=event_id, ttl=60)
    for token in ("", "x.y.z", access):
        sent = task_client.post("/", json={"data": task}, headers={TASK_TOKEN_HEADER: token})
        assert sent.status_code == 401
    another = tokens.task_headers("another")
    assert task_client.post("/", json={"data": task}, headers=another).status_code == 403
    assert owner.db.get(path).exists
    mine = tokens.task_headers(event_id)
    assert task_client.post("/", json={"data": task}, headers=mine).status_code == 200
    ((payload, headers),) = owner.queue.tasks
    assert task_client.post("/", json={"data": payload}, headers=headers).status_code == 200
    assert [each.headers["webhook-id"] for each in receiver.got] == [event_id]
    # The lease of another worker, and what was never there.
    delivery = f"{deliveries_path(payload['webhookId'])}/{event_id}"
    later = {"status": "pending", "leaseUntil": now() + timedelta(days=365)}
    owner.db.commit(Update(delivery, later))
    assert task_client.post("/", json={"data": payload}, headers=headers).status_code == 409
    gone = {"webhookId": "gone", "deliveryId": event_id}
    assert task_client.post("/", json={"data": gone}, headers=mine).status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"eventId": 5},
        {"eventId": "../users/x"},
        {"deliveryId": "a"},
        {"webhookId": "a"},
        {"eventId": "a", "webhookId": "b", "deliveryId": "c"},
        {"webhookId": "a/b", "deliveryId": "c"},
    ],
)
def test_a_malformed_task_is_rejected(task_client: Any, data: Any) -> None:
    assert task_client.post("/", json={"data": data}).status_code == 400
