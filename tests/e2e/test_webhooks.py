"""A webhook on the whole stack: real Functions and Tasks, and a server that fails once."""

from __future__ import annotations

from standardwebhooks import Webhook as Verifier

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.fakes.webhook_receiver import webhook_receiver
from tests.support.machine import slack


def test_a_webhook_is_told_again_after_a_failure(stack: Running) -> None:
    client, _, _ = signed_up(stack)
    with webhook_receiver() as receiver:
        receiver.answers.append("500")
        body = {"url": receiver.url, "events": ["generation.completed"]}
        made = client.data("POST", "/api/webhooks", json=body)
        spoken = client.speak(text="Good evening.", language="en-US")
        for _ in range(2):
            assert receiver.arrived.acquire(timeout=60 * slack())
    events = [Verifier(made["secret"]).verify(each.body, each.headers) for each in receiver.got]
    assert events[0] == events[1]
    assert events[0]["data"]["id"] == spoken["generation"]["id"]
    path = f"/api/webhooks/{made['webhook']['id']}/deliveries"
    (delivery,) = client.data("GET", path)["deliveries"]
    assert [each["status"] for each in delivery["attempts"]][:1] == [500]
