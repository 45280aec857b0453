"""Peers that connect by WebRTC through signals, events and a real TURN server, without which they
do not reach each other."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.calls import Clock, Desk, a_call
from tests.support.companies import Person
from tests.support.factories import test_settings
from tests.support.machine import slack
from tests.support.peers import Peer, served_calls
from tests.support.turn import free_port, needs_turn, turn
from tests.support.wiring import rewired
from troupe.adapters.firestore import Database, now
from troupe.calls import attendance
from troupe.calls.ice import IceServers
from troupe.calls.writes import signals_path
from troupe.settings import Settings

pytestmark = [needs_turn, pytest.mark.slow]
SECRET = "s3cret"
MOST_SIGNALS = 16  # until two are connected
SOON = 3.0  # seconds from joining until something is heard
GHOST = 60  # seconds after which a peer that was killed is gone


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings with a TURN server."""
    with turn(tmp_path_factory.mktemp("turn"), SECRET, free_port()) as url:
        yield test_settings(TURN_URLS=url, TURN_SECRET=SECRET)


@dataclass(frozen=True)
class Line:
    """A call, and the address at which it is."""

    call: Desk
    base: str
    peers: AsyncExitStack

    async def come(self, person: Person | None = None) -> Peer:
        """Somebody joins; by default, a guest whom the company knows."""
        person = person or self.call.firm.join()
        peer = Peer(self.base, self.call.id, person.headers)
        self.peers.push_async_callback(peer.close)
        await peer.join()
        return peer


Play = Callable[[Line], Awaitable[None]]


@pytest.fixture
def play(db: Database, relay: Settings) -> Iterator[Callable[[Play], None]]:
    """Runs what happens in a new call; its peers go at the end."""

    def run(scene: Play) -> None:
        call = a_call(db, media="audio")

        async def whole(base: str) -> None:
            async with AsyncExitStack() as peers:
                await scene(Line(call, base, peers))

        with rewired(settings=relay), served_calls() as base:
            asyncio.run(whole(base))

    yield run


async def connected(one: Peer, other: Peer) -> None:
    """Each hears the other, from now on."""
    await asyncio.gather(one.heard(other), other.heard(one))


def test_those_who_come_hear_everybody_who_is_there(
    db: Database, play: Callable[[Play], None]
) -> None:
    async def scene(line: Line) -> None:
        host = await line.come(line.call.host)
        first = await line.come()
        await connected(host, first)
        signals = db.find(signals_path(line.call.id), limit=100)
        assert len(signals) <= MOST_SIGNALS
        third = await line.come()
        await asyncio.gather(
            connected(third, host), connected(third, first), connected(host, first)
        )
        assert [host.order, first.order, third.order] == [1, 2, 3]
        assert [link.offers for link in third.links.values()] == [True, True]
        assert [link.ways() for link in third.links.values()] == [["relay"]] * 2

    play(scene)


def test_something_is_heard_soon(play: Callable[[Play], None]) -> None:
    async def scene(line: Line) -> None:
        host, times = await line.come(line.call.host), list[float]()
        person = line.call.firm.join()
        for _ in range(5):
            peer = await line.come(person)
            times.append(await peer.heard(host, 1))
            await peer.leave()
        p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
        print(f"join to first media: p95 {p95:.2f} s, median {statistics.median(times):.2f} s")
        assert p95 <= SOON * slack()

    play(scene)


def test_what_was_connected_with_old_credentials_restarts_with_new_ones(
    db: Database, relay: Settings, play: Callable[[Play], None]
) -> None:
    late = IceServers(relay, clock=lambda: now() - timedelta(hours=2))

    async def scene(line: Line) -> None:
        host, peer = await line.come(line.call.host), await line.come()
        await connected(host, peer)
        link = peer.links[host.id]
        assert link.ways() == ["relay"]
        with rewired(call_ice=late):
            await peer.renew()
        await peer.restart(link)
        assert link.ways() == []
        await peer.renew()
        await peer.restart(link)
        assert link.ways() == ["relay"]
        await connected(host, peer)

    play(scene)


def test_a_wrong_secret_connects_nobody(
    db: Database, relay: Settings, play: Callable[[Play], None]
) -> None:
    other = relay.model_copy(update={"turn_secret": "another"})

    async def scene(line: Line) -> None:
        host = await line.come(line.call.host)
        with rewired(call_ice=IceServers(other)):
            peer = await line.come()
        assert peer.links[host.id].ways() == []
        with pytest.raises(AssertionError, match="nothing was heard"):
            await peer.heard(host, 1, seconds=3)

    play(scene)


def test_restarts_of_both_at_once_end_in_one_connection(play: Callable[[Play], None]) -> None:
    async def scene(line: Line) -> None:
        host, peer = await line.come(line.call.host), await line.come()
        await connected(host, peer)
        here, there = host.links[peer.id], peer.links[host.id]
        for _ in range(2):
            await asyncio.gather(host.restart(here), peer.restart(there))
            await connected(host, peer)
        assert here.round == here.applied == there.round == there.applied

    play(scene)


def test_a_peer_that_was_killed_is_gone_within_a_minute(
    play: Callable[[Play], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(line: Line) -> None:
        host, peer = await line.come(line.call.host), await line.come()
        await connected(host, peer)
        await peer.close()
        clock = Clock()
        clock.at = now()
        monkeypatch.setattr(attendance, "now", clock)
        clock.forward(GHOST // 2)
        assert await host.beat() == [host.id, peer.id]
        clock.forward(GHOST // 2)
        assert await host.beat() == [host.id]
        for _ in range(100):
            if host.left:
                break
            await asyncio.sleep(0.05)
        assert host.left == [peer.id]

    play(scene)
