"""A person with a browser window on the studio, and what the tests look at in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route

STUDIO = Path(__file__).parents[2] / "studio"
# How long a test waits for anything, in ms: functions start, and films are made, on a machine that
# has much to do.
LONGEST = 120_000
# The browser's own message about a request that failed: a test of a failure causes it.
_FAILED_REQUEST = "Failed to load resource"
_ALL_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_REPORT_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@cache
def _axe() -> str:
    return (STUDIO / "node_modules/axe-core/axe.min.js").read_text()


def _until(expression: str) -> str:
    """JavaScript for a promise. Playwright's own wait_for_function makes code from text in the
    page, which the policy refuses."""
    return f"""new Promise((resolve, reject) => {{
      const end = Date.now() + {LONGEST};
      const look = () => {{
        let problem;
        try {{
          if ({expression}) return resolve();
        }} catch (error) {{
          problem = error;
        }}
        if (Date.now() < end) return setTimeout(look, 20);
        reject(problem ?? new Error({json.dumps(expression)}));
      }};
      look();
    }})"""


@dataclass
class Visit:
    """`path`: the function that opens a path; `complaints`: what a console had."""

    base: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, base: str, context: BrowserContext) -> Visit:
        context.add_init_script(_REPORT_VIOLATIONS)
        context.set_default_timeout(LONGEST)  # of its other pages, and of `route.fetch`, too
        page = context.new_page()
        visit = cls(base, context, page)
        page.on("console", visit._hear)
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        return visit

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _FAILED_REQUEST not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)
        self.page.locator("h1").wait_for()
        self.settle()

    def start_over(self, *, forget: bool) -> None:
        """As in a new window: nothing is typed, chosen or refused. `forget`: who is signed in."""
        self.page.goto(f"{self.base}/call.mjs")  # of the same origin, and runs nothing
        self.page.unroute_all()
        self.context.clear_permissions()
        self.page.evaluate(
            """async (forget) => {
              localStorage.clear();
              sessionStorage.clear();
              for (const { name } of forget ? await indexedDB.databases() : [])
                await new Promise((resolve, reject) => {
                  const request = indexedDB.deleteDatabase(name);
                  request.onsuccess = resolve;
                  request.onerror = request.onblocked = reject;
                });
            }""",
            forget,
        )
        self.complaints.clear()

    def settle(self) -> None:
        """Waits until nothing is loading."""
        self.until("!document.querySelector('.skeleton') && document.fonts.status === 'loaded'")

    def until(self, expression: str) -> None:
        """Waits for a value of the page. An expression that throws is not true yet: its element may
        still be missing."""
        self.page.evaluate(f"() => {_until(expression)}")

    @contextmanager
    def sees(self, expression: str) -> Iterator[None]:
        """Like `until`, for what may be over before a test could look: the page itself looks while
        the context does what causes it."""
        looking = self.page.evaluate_handle(f"() => ({{ seen: {_until(expression)} }})")
        yield
        looking.evaluate("({ seen }) => seen")

    @contextmanager
    def plays(self) -> Iterator[None]:
        """What is done in the context starts the player, maybe for a second only."""
        with self.sees("document.querySelector('.dock-play').ariaLabel === 'Pause'"):
            yield

    def sign_in(self, email: str, password: str) -> None:
        self.open("/sign-in")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.locator("form").get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/speak")
        self.settle()

    def tokens(self) -> int:
        """As the rail shows them."""
        return int(self.page.locator(".rail-tokens").inner_text().split()[0])

    # In other tabs, so to say: the page follows.
    def choose_language(self, code: str) -> None:
        self.page.evaluate(
            """(code) => {
              localStorage.setItem('troupe.language', code);
              dispatchEvent(new StorageEvent('storage', {key: 'troupe.language', newValue: code}));
            }""",
            code,
        )
        self.until(f"document.documentElement.lang === '{code}'")

    def fails(self, pattern: str, status: int, code: str, **details: Any) -> None:
        """The API answers requests to addresses like `pattern` with an error."""
        body = {
            "success": False,
            "statusCode": status,
            "message": "The server said no.",
            "error": {"code": code, "details": details},
        }

        def refuse(route: Route) -> None:
            route.fulfill(
                status=status,
                content_type="application/json",
                headers={"X-Request-Id": "0123456789abcdef"},
                body=json.dumps(body),
            )

        self.page.route(pattern, refuse)

    def violations(self, *rules: str) -> list[str]:
        """What breaks the rules of accessibility on the page as it is now: WCAG 2.2 AA and best
        practice, or only `rules`. The content of style sheets is not loaded: only a rule that is an
        experiment reads it."""
        if not self.page.evaluate("'axe' in window"):
            # The policy of the page lets no script in; the browser itself does.
            self.page.evaluate(_axe())
        found: list[str] = self.page.evaluate(
            """async (runOnly) => {
              // In the middle of a change of colours nothing has the contrast it will have.
              const isOne = (each) => each instanceof CSSTransition;
              const changes = document.getAnimations().filter(isOne);
              await Promise.allSettled(changes.map((each) => each.finished));
              const resultTypes = ['violations'];
              const preload = { assets: ['media'] };
              const { violations } = await axe.run({ runOnly, resultTypes, preload });
              const tell = ({ target, failureSummary }) => `${target} ${failureSummary}`;
              return violations.map(({ id, nodes }) => `${id}: ${nodes.map(tell).join(' | ')}`);
            }""",
            rules or _ALL_RULES,
        )
        return found

    def overflow(self) -> int:
        """By how many pixels the page can be scrolled sideways."""
        wide: int = self.page.evaluate(
            "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        )
        return wide

    def policy_reports(self) -> list[str]:
        reports: list[str] = self.page.evaluate("window.violations")
        return reports


@dataclass(frozen=True)
class Then:
    """A further state of a page, after another one: `show` leaves the page in it. `title`: of a
    picture for the documentation."""

    state: str
    show: Callable[[Visit], None] | None
    title: str = ""


@dataclass(frozen=True)
class Case:
    """A page in a state, and in those that follow in the same window without opening it again.
    `who`: as in conftest.py. `prepare` runs before the page is opened, `show` after it; both leave
    the page in the state that is looked at. The next case has the same window, so who was signed in
    stays so."""

    route: str
    state: str = "ready"
    who: str = "user"
    prepare: Callable[[Visit], None] | None = None
    show: Callable[[Visit], None] | None = None
    title: str = ""
    then: tuple[Then, ...] = ()

    def states(self) -> tuple[Then, ...]:
        return (Then(self.state, self.show, self.title), *self.then)

    def __str__(self) -> str:
        return f"{self.route} {self.state}"
