"""Help: questions and answers, and the form."""

from __future__ import annotations

from tests.studio.pages.money import SOON, answers
from tests.studio.visits import Case, Visit

_QUESTIONS = (
    ("General", "What is a token?", "What a piece of speech costs. An account comes with some."),
    ("General", "Which languages are there?", "All in the list beside the text."),
    ("Account", "How do I keep what I made as a guest?", "Make an account: nothing is lost."),
    ("Technical", "Why is the microphone refused?", "The browser asks once, and remembers."),
)


def _ask(visit: Visit) -> None:
    """An administrator writes the questions."""
    page = visit.page
    with page.expect_request("**/api/auth/me") as request:
        page.reload()
    bearer = {"Authorization": request.value.headers["authorization"]}
    for category, question, answer in _QUESTIONS:
        written = page.request.post(
            f"{visit.base}/api/admin/faq",
            headers=bearer,
            data={"category": category, "question": question, "answer": answer},
        )
        assert written.ok, written.text()
    page.reload()
    page.locator(".faq summary").first.click()


def asks_long_words(visit: Visit) -> None:
    """As administrators may write them."""
    entry = {"id": "x", "_id": "x", "category": "General", "createdAt": SOON, "updatedAt": SOON}
    entry |= {"question": "What is " + "x" * 300 + "?", "answer": "y" * 900}
    answers(visit, "**/api/faq*", {"faqs": [entry]})


def _empty_form(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Send").click()
    visit.page.locator(".field-error").first.wait_for()


def _sent(visit: Visit) -> None:
    _empty_form(visit)
    page = visit.page
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your email").fill("ada@example.com")
    page.get_by_label("What it is about").fill("A question")
    page.get_by_label("Message", exact=True).fill("How do voices get their names?")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Write another one").wait_for()


CASES = [
    Case("/help", "with questions", who="admin", show=_ask, title="help"),
    Case("/help", "sent", who="user", show=_sent),
    Case("/help", "long words", prepare=asks_long_words),
]
