"""A message is sent once, also if two processes get it at once and their answers are lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests

from bench.serving import served
from tests.conftest import Running
from tests.fakes.valve import Valve, valve
from tests.support.rooms import a_room
from troupe.adapters.firestore import Database, Update, now

SENDERS, MESSAGES, LOST = 10, 4, 15


@pytest.fixture(scope="module")
def file_db(deployed_db: Database) -> Database:
    """That of the functions that are served."""
    return deployed_db


@pytest.mark.slow
def test_a_message_whose_answers_are_lost_is_sent_once(emulators: Running, db: Database) -> None:
    room = a_room(db)
    people = [room.owner, *(room.join() for _ in range(SENDERS - 1))]
    with ExitStack() as stack:
        ready = [
            stack.enter_context(
                served("rooms", room.path, emulators.env, headers=room.owner.headers)
            )
            for _ in range(2)
        ]
        valves = [stack.enter_context(valve(urlsplit(each.url).port or 0)) for each in ready]
        for each in valves:
            each.lose_answers(LOST)

        def send(number: int) -> tuple[Counter[int], int, str]:
            """Sends a message to both processes at once, each until it has an answer: the answers,
            how many were lost, and the id."""
            person, key = people[number % SENDERS], str(number)
            body = {"text": f"message {number}", "clientId": key}

            def until_answered(behind: Valve) -> tuple[int, int, str]:
                for lost in range(2 * LOST):
                    try:
                        answer = requests.post(
                            f"http://{behind.host}{room.path}/messages",
                            json=body,
                            headers=person.headers,
                            timeout=60,
                        )
                    except requests.ConnectionError:
                        continue
                    return answer.status_code, lost, answer.json()["data"]["message"]["id"]
                raise AssertionError("every answer was lost")

            with ThreadPoolExecutor(2) as both:
                (first, lost, id), (second, more, same) = both.map(until_answered, valves)
            assert id == same
            return Counter([first, second]), lost + more, id

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(send, range(SENDERS * MESSAGES)))
    answers = sum((each for each, _, _ in found), Counter[int]())
    assert sum(lost for _, lost, _ in found) == 2 * LOST
    assert answers[200] + answers[201] == 2 * len(found)
    stored = room.data(room.owner, "GET", "/messages?limit=100")["messages"]
    assert sorted(each["id"] for each in stored) == sorted(id for _, _, id in found)
    assert len({each["text"] for each in stored}) == len(found)

    # There is no window after which a repeat becomes a second message.
    first = stored[-1]
    db.commit(
        Update(
            f"rooms/{room.id}/messages/{first['id']}", {"createdAt": now() - timedelta(minutes=10)}
        )
    )
    number = int(first["text"].split()[1])
    again = room.ask(
        people[number % SENDERS],
        "POST",
        "/messages",
        json={"text": first["text"], "clientId": str(number)},
    )
    assert (again.status_code, again.json["data"]["message"]["id"]) == (200, first["id"])
