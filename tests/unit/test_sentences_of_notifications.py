"""The sentences of notifications, in every language."""

from __future__ import annotations

import string

import pytest

from troupe.adapters.firestore import now
from troupe.app.domains import job_specs
from troupe.notifications.records import Notification, NotificationType
from troupe.notifications.wording import LANGUAGES, rendered, sentences


def notification(type: NotificationType, **params: str) -> Notification:
    at = now()
    return Notification(id="n", uid="u", type=type, params=params, created_at=at, expires_at=at)


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_says_the_same(language: str) -> None:
    theirs, english = sentences(language), sentences("en")
    assert list(theirs) == list(english)
    for key, said in theirs.items():
        assert names(said.body) == names(english[key].body), key
        assert names(said.title) == names(english[key].title), key
        assert said.title and said.body.endswith("."), key


def test_every_type_and_every_kind_of_work_has_sentences() -> None:
    kinds = {kind for kind, spec in job_specs().items() if spec.link}
    work = {NotificationType.WORK_READY, NotificationType.WORK_FAILED}
    expected = {str(type) for type in NotificationType if type not in work}
    expected |= {f"{type}.{kind}" for type in work for kind in kinds}
    assert set(sentences("en")) == expected


@pytest.mark.parametrize(
    ("language", "title"),
    [
        (None, "Your plan has ended"),
        ("en-GB", "Your plan has ended"),
        ("xx", "Your plan has ended"),
        ("de-AT", "Dein Tarif ist beendet"),
        ("no", "Abonnementet ditt er avsluttet"),
        ("NN-no", "Abonnementet ditt er avsluttet"),
    ],
)
def test_the_readers_language_is_used(language: str | None, title: str) -> None:
    ended = notification(NotificationType.PLAN_ENDED, plan="{Plus} €9")
    said = rendered(ended, language)
    assert (said.title, "{Plus} €9" in said.body) == (title, True)


def test_a_parameter_that_an_old_notification_lacks_is_left_out() -> None:
    assert "…" in rendered(notification(NotificationType.PLAN_ENDED), "en").body
