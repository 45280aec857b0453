"""Operator commands on the emulators."""

from __future__ import annotations

import io
import json
import secrets
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.support.admins import a_user, a_verified_member
from tests.support.firebase_client import PASSWORD, new_email, sign_in
from tests.support.media_files import picture, silent_video, sound
from tests.support.wiring import app_for, command, rewired
from troupe.adapters.firestore import Database, Update
from troupe.adapters.storage import Files
from troupe.scripts.backgrounds import Background, background_path, poster_path


def entries(db: Database, uid: str) -> list[dict[str, Any]]:
    found = db.find("audit", where=[("target", "==", f"users/{uid}")], limit=10)
    return [document.data for document in found]


class TestCreateAdmin:
    def test_a_registered_user_becomes_one_and_it_is_logged(self, db: Database) -> None:
        member = a_verified_member(db)
        assert command(["create-admin", member.email]) == 0
        headers = member.headers
        verified = app_for("admin").test_client().get("/api/admin/verify", headers=headers)
        assert verified.status_code == 200
        (entry,) = entries(db, member.uid)
        assert (entry["uid"], entry["operation"]) == ("operator", "create-admin")
        assert (entry["before"], entry["after"]) == ({"role": "user"}, {"role": "admin"})

    def test_a_second_time_changes_nothing(self, db: Database) -> None:
        member = a_verified_member(db)
        assert [command(["create-admin", member.email]) for _ in range(2)] == [0, 0]
        assert len(entries(db, member.uid)) == 1

    def test_an_unknown_address_fails_with_instructions(self, capsys: Any) -> None:
        assert command(["create-admin", new_email()]) == 1
        assert "use --create" in capsys.readouterr().err

    def test_it_can_register_the_user(self, monkeypatch: pytest.MonkeyPatch) -> None:
        email = new_email()
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert command(["create-admin", email, "--create"]) == 0
        assert sign_in(email)["email"] == email
        body = {"email": email, "password": PASSWORD}
        answer = app_for("admin").test_client().post("/api/admin/login", json=body)
        assert answer.status_code == 200

    def test_a_suspended_user_is_rejected(self, db: Database, capsys: Any) -> None:
        member = a_verified_member(db)
        db.commit(Update(f"users/{member.uid}", {"suspended": True}))
        assert command(["create-admin", member.email]) == 1
        assert "is suspended" in capsys.readouterr().err
        assert db.get(f"users/{member.uid}").data["role"] == "user"

    def test_a_weak_password_is_rejected_and_not_printed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: Any
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("abcdefgh\n"))
        assert command(["create-admin", new_email(), "--create"]) == 1
        told = capsys.readouterr()
        assert "must contain a letter and a digit" in told.err
        assert "abcdefgh" not in told.err + told.out


class TestGrant:
    def test_the_same_id_grants_once(self, db: Database, capsys: Any) -> None:
        uid = a_user(db, tokens=20)
        words = ["grant", f"{uid}@example.com", "5", "--id", "sorry"]
        assert [command(words), command(words)] == [0, 0]
        assert db.get(f"users/{uid}").data["tokens"] == 25
        told = capsys.readouterr().out.splitlines()
        assert told == ["5 tokens granted", "grant-sorry was already granted"]

    @pytest.mark.parametrize("tokens", ["0", "-3"])
    def test_only_positive_amounts_are_granted(self, db: Database, tokens: str) -> None:
        uid = a_user(db)
        assert command(["grant", f"{uid}@example.com", "--id", "x", "--", tokens]) == 2

    def test_an_unknown_address_fails(self) -> None:
        assert command(["grant", new_email(), "5", "--id", "x"]) == 1


def test_the_audit_reports_a_wallet_that_does_not_add_up(own_db: Database, capsys: Any) -> None:
    uid = a_user(own_db)
    with rewired(database=own_db):
        assert command(["audit"]) == 0
        own_db.commit(Update(f"wallets/{uid}", {"tokens.granted": 21}))
        assert command(["audit"]) == 1
    assert f"{uid}: tokens: the wallet says" in capsys.readouterr().err


def test_the_audit_log_prints_one_line_per_entry_newest_first(
    own_db: Database, capsys: Any
) -> None:
    with rewired(database=own_db):
        members = [a_verified_member(own_db) for _ in range(3)]
        for member in members:
            command(["create-admin", member.email])
        capsys.readouterr()
        assert command(["audit-log", "--limit", "2"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["target"] for line in lines] == [f"users/{members[n].uid}" for n in (2, 1)]
    assert lines[0]["after"] == {"role": "admin"}


@pytest.mark.parametrize("limit", ["0", "1000000"])
def test_the_limit_of_the_audit_log_is_bounded(limit: str) -> None:
    assert command(["audit-log", "--limit", limit]) == 2


@pytest.mark.parametrize(
    "words", [[], ["audit-log"], ["queue"], ["create-admin"], ["grant"], ["add-background"]]
)
def test_help_lists_the_commands(words: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        command([*words, "--help"])
    assert end.value.code == 0
    assert "usage: python -m troupe" in capsys.readouterr().out


def video(path: Path, codec: str, seconds: int = 1, **options: Any) -> Path:
    """A clip with two frames per second."""
    with av.open(str(path), "w", **options) as output:
        stream: Any = output.add_stream(codec, 2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(2 * seconds):
            output.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        output.mux(stream.encode(None))
    return path


class TestAddBackground:
    def test_a_clip_is_stored_and_listed(self, db: Database, files: Files, tmp_path: Path) -> None:
        word = secrets.token_hex(4)
        path = video(tmp_path / f"My Clip {word}.mp4", "libx264", seconds=3)
        assert command(["add-background", str(path), "--title", "My clip"]) == 0
        name = f"my-clip-{word}.mp4"
        background = Background.of(db.get(f"backgrounds/{name}"))
        shown = (background.title, background.seconds, background.width, background.height)
        assert shown == ("My clip", 3.0, 64, 48)
        assert files.read(background_path(name)) == path.read_bytes()
        assert background.size == path.stat().st_size
        shown_before = files.read(poster_path(name))
        assert len(shown_before) == background.poster_size
        with Image.open(io.BytesIO(shown_before)) as image:
            assert (image.format, image.size) == ("JPEG", (64, 48))

    def test_an_existing_clip_is_not_replaced(
        self, files: Files, tmp_path: Path, capsys: Any
    ) -> None:
        path = video(tmp_path / f"{secrets.token_hex(4)}.mp4", "libx264")
        assert command(["add-background", str(path), "--title", "One"]) == 0
        first = path.read_bytes()
        video(path, "libx264", seconds=2)
        assert command(["add-background", str(path), "--title", "Two"]) == 1
        assert "rename the file" in capsys.readouterr().err
        assert files.read(background_path(path.name)) == first

    @pytest.mark.parametrize(
        ("make", "reason"),
        [
            (lambda path: video(path, "libx264", seconds=61), "too long (maximum 60 s)"),
            (lambda path: video(path, "mpeg4"), "must be H.264"),
            (lambda path: video(path, "libx264", format="matroska"), "must be an mp4"),
            (lambda path: path.write_bytes(sound("m4a")), "has no video stream"),
            (lambda path: path.write_bytes(picture()), "must be an mp4"),
            (lambda path: path.write_bytes(b"no film"), "must be an mp4"),
            (lambda path: path.write_bytes(silent_video()[:600]), "cannot be decoded"),
            (lambda path: None, "No such file"),
        ],
    )
    def test_anything_else_is_rejected_with_a_reason(
        self, db: Database, tmp_path: Path, capsys: Any, make: Any, reason: str
    ) -> None:
        path = tmp_path / f"{secrets.token_hex(4)}.mp4"
        make(path)
        assert command(["add-background", str(path), "--title", "Clip"]) == 1
        assert reason in capsys.readouterr().err
        assert not db.get(f"backgrounds/{path.name}").exists

    @pytest.mark.parametrize("title", ["", " ", "x" * 101])
    def test_a_title_is_required(self, tmp_path: Path, title: str) -> None:
        path = video(tmp_path / "clip.mp4", "libx264")
        assert command(["add-background", str(path), "--title", title]) == 2
