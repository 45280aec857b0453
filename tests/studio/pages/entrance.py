"""The landing page, signing in and up, and the links of mails."""

from __future__ import annotations

from tests.studio.pages.help import asks_long_words
from tests.studio.pages.money import offers_long_names
from tests.studio.visits import Case, Then, Visit


def _sample_plays(visit: Visit) -> None:
    with visit.sees("CSS.highlights.get('now').size === 1"):
        visit.page.get_by_role("button", name="Play the sample").click()


def _wrong_password(visit: Visit) -> None:
    visit.page.get_by_label("Email").fill("nobody@example.com")
    visit.page.get_by_label("Password").fill("wrong-123")
    visit.page.locator("form").get_by_role("button", name="Sign in").click()
    visit.page.get_by_role("alert").wait_for()


def _nothing_entered(visit: Visit) -> None:
    visit.page.locator("form").get_by_role("button", name="Make an account").click()
    visit.page.locator(".field-error").wait_for()


def _menu(visit: Visit) -> None:
    visit.page.locator(".menu summary").click()


def _keys(visit: Visit) -> None:
    visit.page.keyboard.press("Escape")  # the menu
    visit.page.keyboard.press("?")
    visit.page.get_by_role("dialog").wait_for()


def _long_names(visit: Visit) -> None:
    offers_long_names(visit)
    asks_long_words(visit)


CASES = [
    Case("/", who="nobody", title="landing", then=(Then("the sample plays", _sample_plays),)),
    Case("/", "long names", who="nobody", prepare=_long_names),
    Case(
        "/sign-in",
        who="nobody",
        title="sign-in",
        then=(
            Then("wrong password", _wrong_password),
            Then("menu", _menu),
            Then("keys", _keys),
        ),
    ),
    Case(
        "/sign-up", who="nobody", title="sign-up", then=(Then("nothing entered", _nothing_entered),)
    ),
    Case("/auth/action?mode=resetPassword&oobCode=x", who="nobody"),
    Case("/auth/action?mode=verifyEmail&oobCode=x", who="nobody"),
    Case("/auth/action", "broken link", who="nobody"),
    Case("/no-such-page", who="nobody"),
    Case("/history", "signed out", who="nobody"),
]
