"""Every page in every state: accessible, within the window, without a complaint of the browser."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

import pytest

from tests.studio import pages
from tests.studio.conftest import Window
from tests.studio.visits import Case, Visit

CASES: list[Case] = [
    case
    for module in pkgutil.iter_modules(pages.__path__)
    for case in importlib.import_module(f"{pages.__name__}.{module.name}").CASES
]
# Each pair of theme, language and width is looked at, in half of the combinations.
# The last one is that in which a page is opened, and in which its next state is shown.
LOOKS = (("dark", "ar", 1280), ("light", "ar", 320), ("dark", "en", 320), ("light", "en", 1280))
# All that a dark theme can break: the light looks have both languages and both widths, too.
OF_COLOURS = ("color-contrast", "link-in-text-block")
PICTURES = os.environ.get("STUDIO_PICTURES")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_page_in_a_state(window: Window, case: Case) -> None:
    with window(case.who) as visit:
        _wear(visit, "light", 1280)
        if case.prepare:
            case.prepare(visit)
        visit.open(case.route)
        for state in case.states():
            if state.show:
                state.show(visit)
                visit.settle()
            for look in LOOKS:
                theme, language, width = look
                _wear(visit, theme, width)
                visit.choose_language(language)
                visit.settle()
                broken = visit.violations(*(OF_COLOURS if theme == "dark" else ()))
                assert broken == [], (state.state, look)
                assert visit.overflow() == 0, (state.state, look)
                if PICTURES and state.title:
                    _take(visit, f"{state.title}-{theme}-{language}-{width}")
        assert visit.complaints == []
        assert visit.policy_reports() == []


@pytest.mark.parametrize(
    "route", sorted({case.route for case in CASES if case.who in ("user", "newcomer")})
)
def test_longer_words_fit(window: Window, route: str) -> None:
    with window("user") as visit:
        visit.page.set_viewport_size({"width": 320, "height": 640})
        visit.page.evaluate("localStorage.setItem('troupe.language', 'en-XA')")
        visit.open(route)
        assert "~" in visit.page.locator("h1").inner_text()
        assert visit.overflow() == 0
        visit.page.locator(".menu summary").click()
        assert visit.overflow() == 0


def _wear(visit: Visit, theme: str, width: int) -> None:
    visit.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    visit.page.set_viewport_size({"width": width, "height": 800})


def _take(visit: Visit, name: str) -> None:
    folder = Path(str(PICTURES))
    folder.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=70)
