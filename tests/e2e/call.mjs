// Two browsers in one call, through a TURN server alone: the host in a page of an app, which listens to
// Firestore, and a guest in the page that Hosting serves, which follows events.
// Usage: node call.mjs BROWSER HOSTING AUTH FIRESTORE TOKEN CALL LINK; prints `off` and `on` for the TURN
// server, and in the end what was seen, as JSON.
import { visit as open } from "./call_pages.mjs";
import { LONGEST } from "./web_app.mjs";

const [browserPath, base, auth, firestore, token, callId, link] = process.argv.slice(2);
const results = { errors: [] };

async function visit(name, locale, path) {
  const failed = (error) => results.errors.push(`${name}: ${error}`);
  // What connections a page has made, for their statistics.
  const prepared = () => {
    window.connections = [];
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(...given) {
        super(...given);
        window.connections.push(this);
      }
    };
  };
  const visited = await open(browserPath, base + path, { locale, relay: true, prepared, failed });
  visited.page.on("request", (request) => {
    if (request.url().endsWith("/signal")) results.signals += JSON.parse(request.postData()).signals.length;
  });
  return visited;
}

/** The frames that a page has decoded, and the kinds of the candidates with which it is connected. */
function measured({ page }) {
  return page.evaluate(async () => {
    const live = window.connections.filter((each) => each.connectionState === "connected");
    const found = { frames: 0, sound: 0, candidates: [], connections: live.length };
    for (const connection of live) {
      const stats = [...(await connection.getStats()).values()];
      for (const each of stats) {
        if (each.type === "inbound-rtp" && each.kind === "video") found.frames += each.framesDecoded;
        if (each.type === "inbound-rtp" && each.kind === "audio") found.sound += each.packetsReceived;
        if (each.type !== "candidate-pair" || each.state !== "succeeded" || !each.nominated) continue;
        found.candidates.push(stats.find(({ id }) => id === each.localCandidateId).candidateType);
      }
    }
    return found;
  });
}

async function until(what, met) {
  for (const ends = performance.now() + LONGEST; performance.now() < ends; ) {
    if (await met()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come`);
}

async function seen(each, more = 30) {
  const before = await measured(each);
  await until("picture and sound", async () => {
    const { frames, sound } = await measured(each);
    return frames > before.frames + more && sound > before.sound + more;
  });
}

const given = encodeURIComponent(JSON.stringify({ token, callId, language: "en", auth, firestore }));
const host = await visit("host", "en-US", `/host.html#${given}`);
await host.page.locator("#state", { hasText: "in" }).waitFor();
const guest = await visit("guest", "pt-PT", link.replace("?", "?relay&"));

/** The guest joins; returns after how many ms there was a picture. */
async function join() {
  results.signals = 0;
  await guest.page.locator("[name=name]").waitFor();
  results.name = await guest.page.locator("[name=name]").inputValue();
  await guest.page.locator("[name=name]").fill("Bruno");
  const begun = performance.now();
  await guest.page.locator("#guest button").click();
  await until("a connection", async () => (await measured(guest)).frames > 0);
  return Math.round(performance.now() - begun);
}

// The first time, the emulator starts an interpreter for each function, and for each request at the same time.
results.first = await join();
await guest.page.reload();
results.joined = await join();
await Promise.all([seen(host), seen(guest)]);
results.connected = results.signals;
results.host = await measured(host);
results.guest = await measured(guest);

// What the host says, in the guest's language.
await host.page.evaluate(() => window.call.room.caption("The house is close to the sea.", { language: "en" }));
await guest.page.locator("#messages li", { hasText: "A casa" }).waitFor();
results.caption = await guest.page.locator("#messages li").last().textContent();

// The guest loses the network and comes back. A browser that is offline still sends sound and pictures, so
// there is no TURN server either.
await guest.context.setOffline(true);
console.log("off");
await host.page.locator("#people", { hasText: /disconnected|failed/ }).waitFor();
console.log("on");
await guest.context.setOffline(false);
const begun = performance.now();
await Promise.all([seen(host), seen(guest)]);
results.back = Math.round(performance.now() - begun);

// The guest goes to another page and back, twice in a moment, which the browser's cache tells like this.
const people = () => host.page.locator("#people").textContent();
await guest.page.evaluate(() => {
  for (const persisted of [true, true]) {
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
  }
});
await until("the guest", async () => (await people()) === "Bruno connected" && (await measured(guest)).connections === 1);
await seen(guest);
await new Promise((resolve) => setTimeout(resolve, 2_000)); // another participant would be there by now
results.people = await people();

// The guest closes the tab, and reviews the call later, in another one.
const later = await guest.context.newPage();
await guest.page.close({ runBeforeUnload: true });
await until("an empty call", async () => (await people()) === "");
await later.goto(`${base}/call.html?review=1${link.slice(link.indexOf("#"))}`);
await later.locator("[name=service]").selectOption("5");
await later.locator("[name=host]").selectOption("4");
await later.locator("[name=solved][value=yes]").check();
await later.locator("#review button").click();
await later.locator("#state", { hasText: "Thank you" }).waitFor();
// A browser that knows nothing of the call.
const stranger = await host.context.newPage();
await stranger.goto(`${base}/call.html?review=1${link.slice(link.indexOf("#"))}`);
await stranger.locator("#state", { hasText: "on the device" }).waitFor();
results.strange = await stranger.locator("#review").isVisible();
results.signIn = await stranger.locator("#member").isVisible();
await Promise.all([host.browser.close(), guest.browser.close()]);
console.log(JSON.stringify(results));
process.exit(0);
