"""Every page in every state: accessible, within the window, without a complaint of the browser."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

import pytest

from tests.studio import pages
from tests.studio.conftest import Enter
from tests.studio.visits import Case, Visit

CASES: list[Case] = [
    case
    for module in pkgutil.iter_modules(pages.__path__)
    for case in importlib.import_module(f"{pages.__name__}.{module.name}").CASES
]
# Each pair of theme, language and width is looked at, in half of the combinations.
LOOKS = (("light", "en", 1280), ("dark", "en", 320), ("dark", "ar", 1280), ("light", "ar", 320))
PICTURES = os.environ.get("STUDIO_PICTURES")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_page_in_a_state(enter: Enter, case: Case) -> None:
    visit = enter(case.who, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    if case.prepare:
        case.prepare(visit)
    visit.open(case.route)
    if case.show:
        case.show(visit)
        visit.settle()
    for theme, language, width in LOOKS:
        visit.choose_language(language)
        visit.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.settle()
        look = f"{theme}, {language}, {width} px"
        assert visit.violations() == [], look
        assert visit.overflow() == 0, look
        if PICTURES and case.title:
            _take(visit, f"{case.title}-{theme}-{language}-{width}")
    assert visit.complaints == []
    assert visit.policy_reports() == []


@pytest.mark.parametrize("route", sorted({case.route for case in CASES if case.who == "user"}))
def test_longer_words_fit(enter: Enter, route: str) -> None:
    visit = enter("user", viewport={"width": 320, "height": 640})
    visit.context.add_init_script("localStorage.setItem('troupe.language', 'en-XA')")
    visit.open(route)
    assert "~" in visit.page.locator("h1").inner_text()
    assert visit.overflow() == 0
    visit.page.locator(".menu summary").click()
    assert visit.overflow() == 0


def _take(visit: Visit, name: str) -> None:
    folder = Path(str(PICTURES))
    folder.mkdir(parents=True, exist_ok=True)
    visit.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=70)
