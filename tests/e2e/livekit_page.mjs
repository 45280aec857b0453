// The client of calls with an app's module for LiveKit, in a browser, with the real API. The module of this page
// passes tracks from one call of the page to the others, as a server would: LiveKit has no media here.
// Usage: node livekit_page.mjs BROWSER BASE TOKEN CALL CODE; prints what was seen, as JSON.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { open } from "./web_app.mjs";

const [browserPath, base, token, callId, code] = process.argv.slice(2);
const root = fileURLToPath(new URL("../../public/", import.meta.url));
const browser = await open(browserPath, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream");
const page = await browser.newPage();
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
await page.route(/\.(mjs|html)$/, (route) => {
  const { pathname } = new URL(route.request().url());
  if (pathname.endsWith(".html")) return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
  return route.fulfill({ contentType: "text/javascript", body: readFileSync(root + pathname.slice(1), "utf8") });
});
await page.goto(`${base}/page.html`);

const seen = await page.evaluate(
  async ([base, token, callId, code]) => {
    const { Client } = await import("/live.mjs");
    const { enterAsGuest, enterCall } = await import("/call.mjs");

    const links = new Map();
    const connects = [];
    const livekit = {
      async connect(access, tell) {
        const claims = JSON.parse(atob(access.token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
        const [own, identity] = [{ tracks: new Map(), mutes: [], tell }, claims.sub];
        connects.push([identity, access.url]);
        links.set(identity, own);
        const others = () => [...links].filter(([id]) => id !== identity);
        for (const [id, { tracks }] of others()) for (const [slot, track] of tracks) tell.receive(id, slot, track);
        const send = (slot, track) => {
          own.tracks.set(slot, track);
          for (const [, other] of others()) other.tell.receive(identity, slot, track);
        };
        const close = () => {
          for (const slot of own.tracks.keys()) send(slot, null);
          links.delete(identity);
        };
        const mute = (muted) => own.mutes.push(muted);
        return { send, mute, close };
      },
    };

    async function until(what, met) {
      for (const ends = performance.now() + 30_000; performance.now() < ends; ) {
        if (met()) return;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      throw new Error(`in vain: ${what}`);
    }

    function somebody() {
      const view = { states: [], people: [], streams: {}, error: "" };
      const handlers = {
        state: (state, error) => (view.states.push(state), (view.error = error?.message ?? "")),
        people: (people) => (view.people = people),
        media: (id, { stream }) => (view.streams[id] = stream),
      };
      return [view, handlers];
    }
    const kinds = (stream) => (stream?.getTracks() ?? []).map(({ kind }) => kind).sort().join("+");
    const live = (stream) => stream.getTracks().every(({ readyState }) => readyState === "live");

    const [host, hostHandlers] = somebody();
    const client = new Client({ baseUrl: base, session: { accessToken: token } });
    const own = enterCall(client, callId, hostHandlers, { livekit });
    await until("the host is in", () => own.state === "in");

    const [without, withoutHandlers] = somebody();
    await enterAsGuest({ baseUrl: base }, callId, { name: "Linus", code }, withoutHandlers);
    await until("no module", () => without.states.includes("closed"));

    const [guest, guestHandlers] = somebody();
    const other = await enterAsGuest({ baseUrl: base }, callId, { name: "Grace", code }, guestHandlers, { livekit });
    await until("the guest is in", () => other.state === "in");
    const [hostId, guestId] = [own.participantId, other.participantId];
    const both = "audio+video";
    await until("both see each other", () => [host.streams[guestId], guest.streams[hostId]].every((s) => kinds(s) === both));
    const playing = live(host.streams[guestId]);
    await until("they are known", () => host.people.some(({ id, connection }) => id === guestId && connection === "connected"));

    await other.use({ video: false });
    await until("no picture", () => kinds(host.streams[guestId]) === "audio");
    await other.use({ video: true });
    await until("a picture again", () => kinds(host.streams[guestId]) === both);

    other.mute(true);
    other.mute(false);
    const before = links.get(guestId);
    const { mutes } = before;
    before.tell.lost();
    await until("another connection", () => links.has(guestId) && links.get(guestId) !== before);
    await until("sound again", () => kinds(host.streams[guestId]) === both);

    other.close();
    await until("the guest is gone", () => !links.has(guestId) && host.people.length === 0);
    own.close();
    await until("the host is gone", () => links.size === 0);
    return {
      refused: [without.states.at(-1), without.error],
      playing,
      mutes,
      connects: connects.map(([id, url]) => [{ [hostId]: "host", [guestId]: "guest" }[id], url]),
    };
  },
  [base, token, callId, code],
);
await browser.close();
console.log(JSON.stringify({ ...seen, errors }));
