"""Participants of calls who speak WebRTC by aiortc, without a browser. They do what public/call.mjs
does, but restart with a new connection: aiortc cannot restart the ICE of one."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import requests
from aiortc import (
    AudioStreamTrack,
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from tests.support.served_rooms import served

_FUNCTIONS = {"events": "live", "refresh": "auth"}


@contextmanager
def served_calls() -> Iterator[str]:
    """What calls need, at one address."""
    with served(lambda path: _FUNCTIONS.get(path.rpartition("/")[2], "calls")) as address:
        yield address


@dataclass
class Link:
    """The connection to another participant. `round`: of the last offer; `applied`: of the last
    one that was answered. `frames`: how many have arrived in all."""

    to: str
    offers: bool
    connection: RTCPeerConnection | None = None
    round: int = 0
    applied: int = 0
    frames: int = 0
    heard_at: float | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def ways(self) -> list[str]:
        """The kinds of candidates that this side has."""
        assert self.connection is not None
        return re.findall(r"^a=candidate:.* typ (\w+)", self.connection.localDescription.sdp, re.M)


class Peer:
    """One participant. What goes wrong while it listens is raised by `close`."""

    def __init__(self, base: str, call_id: str, headers: dict[str, str]) -> None:
        self._url = f"{base}/api/calls/{call_id}"
        self._headers = headers
        self._ids = itertools.count()
        self._listening: asyncio.Task[None] | None = None
        self.links: dict[str, Link] = {}
        self.left: list[str] = []
        self.id = ""
        self.order = 0
        self.after = ""
        self.servers: list[dict[str, Any]] = []
        self.sent = 0
        self.joined_at = 0.0

    async def ask(self, method: str, path: str, **given: Any) -> Any:
        def send() -> Any:
            url = self._url + path
            answer = requests.request(method, url, headers=self._headers, timeout=30, **given)
            assert answer.ok, answer.text
            told = answer.json()
            return told.get("data", told)

        return await asyncio.to_thread(send)

    async def join(self, **body: Any) -> None:
        """Comes in, and offers to those who are there."""
        self.joined_at = time.monotonic()
        answer = await self.ask("POST", "/join", json=body)
        mine = answer["participant"]
        self.id, self.order, self.after = mine["id"], mine["order"], mine["joinedAt"]
        self.servers = answer["iceServers"]
        self._listening = asyncio.create_task(self._listen())
        for each in answer["peers"]:
            assert each["order"] < self.order
            link = self.links[each["participantId"]] = Link(each["participantId"], offers=True)
            await self.offer(link)

    async def renew(self) -> None:
        """Gets new credentials."""
        found = await self.ask("GET", "/ice", params={"participantId": self.id})
        self.servers = found["iceServers"]

    async def beat(self) -> list[str]:
        """The ids of those who are in the call."""
        body = {"participantId": self.id, "connection": "connected"}
        found = await self.ask("POST", "/beat", json=body)
        return [each["id"] for each in found["participants"]]

    async def offer(self, link: Link) -> None:
        link.round += 1
        connection = await self._connect(link)
        await connection.setLocalDescription(await connection.createOffer())
        sdp = connection.localDescription.sdp
        await self._signal(link, "offer", {"round": link.round, "sdp": sdp})

    async def restart(self, link: Link) -> None:
        """Connects anew, or asks for it: the same side always offers."""
        if link.offers:
            await self.offer(link)
        else:
            await self._signal(link, "restart", {"round": link.round})

    async def heard(self, of: Peer, more: int = 10, seconds: float = 60) -> float:
        """Waits for frames of another participant; returns when the first one has arrived, since
        this one has joined."""
        ends = time.monotonic() + seconds
        link = self.links.get(of.id)
        wanted = (link.frames if link else 0) + more
        while time.monotonic() < ends:
            link = self.links.get(of.id)
            if link and link.heard_at is not None and link.frames >= wanted:
                return link.heard_at - self.joined_at
            await asyncio.sleep(0.02)
        raise AssertionError(f"nothing was heard: {link}")

    async def leave(self) -> None:
        await self.ask("POST", "/leave", json={"participantId": self.id})
        await self.close()

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        for link in self.links.values():
            await _end(link)

    async def _signal(self, link: Link, kind: str, payload: dict[str, Any]) -> None:
        self.sent += 1
        given = {"id": str(next(self._ids)), "to": link.to, "type": kind, "payload": payload}
        await self.ask("POST", "/signal", json={"from": self.id, **given})

    async def _listen(self) -> None:
        while True:
            query = {"wait": 2, "after": self.after}
            found = await self.ask("GET", "/events", params=query)
            self.after = found["lastEventId"]
            for each in found["events"]:
                if each["event"] == "participant_left":
                    self.left.append(each["participantId"])
                elif each["signal"] is not None and each["signal"]["to"] == self.id:
                    await self._take(each["signal"])

    async def _take(self, signal: dict[str, Any]) -> None:
        kind, payload, sender = signal["type"], signal["payload"], signal["from"]
        link = self.links.setdefault(sender, Link(sender, offers=False))
        if kind == "offer" and not link.offers and payload["round"] > link.applied:
            connection = await self._connect(link)
            await connection.setRemoteDescription(RTCSessionDescription(payload["sdp"], "offer"))
            await connection.setLocalDescription(await connection.createAnswer())
            link.round = link.applied = payload["round"]
            sdp = connection.localDescription.sdp
            await self._signal(link, "answer", {"round": link.round, "sdp": sdp})
        elif kind == "answer" and link.offers and payload["round"] == link.round > link.applied:
            assert link.connection is not None
            answer = RTCSessionDescription(payload["sdp"], "answer")
            await link.connection.setRemoteDescription(answer)
            link.applied = link.round
        elif kind == "restart" and link.offers and link.round == link.applied:
            await self.offer(link)

    async def _connect(self, link: Link) -> RTCPeerConnection:
        await _end(link)
        servers = [
            RTCIceServer(each["urls"], each["username"], each["credential"])
            for each in self.servers
        ]
        relayed = RTCIceTransportPolicy.RELAY
        connection = RTCPeerConnection(RTCConfiguration(servers, iceTransportPolicy=relayed))
        connection.addTrack(AudioStreamTrack())

        async def count(track: MediaStreamTrack) -> None:
            with suppress(Exception):  # the connection ends
                while True:
                    await track.recv()
                    link.frames += 1
                    link.heard_at = link.heard_at or time.monotonic()

        @connection.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            link.tasks.append(asyncio.create_task(count(track)))

        link.connection = connection
        return connection


async def _end(link: Link) -> None:
    if link.connection is not None:
        await link.connection.close()
        link.connection = None
    for task in link.tasks:
        task.cancel()
    await asyncio.gather(*link.tasks, return_exceptions=True)
    link.tasks.clear()
