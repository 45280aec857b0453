// Parts of the client of calls, alone in a browser: a connection whose first offer is lost, and captions of a
// microphone that is unplugged. Usage: node call_parts.mjs BROWSER; prints what was seen, as JSON.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { open } from "./web_app.mjs";

const root = fileURLToPath(new URL("../../public/", import.meta.url));
const browser = await open(
  process.argv[2],
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
);
const page = await browser.newPage();
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
await page.route("**/*", (route) => {
  const { pathname } = new URL(route.request().url());
  if (!pathname.endsWith(".mjs")) return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
  return route.fulfill({ contentType: "text/javascript", body: readFileSync(root + pathname.slice(1), "utf8") });
});
await page.goto("http://localhost/");

const offers = await page.evaluate(async () => {
  const { Peer } = await import("/peer.mjs");
  let [one, other, count] = [undefined, undefined, 0];
  const tell = (to) => ({
    send(type, payload) {
      const lost = type === "offer" && ++count === 1;
      if (!lost) setTimeout(() => to().take(type, payload));
    },
    changed() {},
    renew() {},
  });
  const own = [null, null, null];
  one = new Peer(true, {}, own, tell(() => other));
  other = new Peer(false, {}, own, tell(() => one));
  one.offer();
  const connected = () => [one, other].every((each) => each.connection.connectionState === "connected");
  for (const ends = performance.now() + 40_000; !connected() && performance.now() < ends; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const found = { connected: connected(), count };
  for (const each of [one, other]) each.close();
  return found;
});

const captions = await page.evaluate(async () => {
  const { recordCaptions } = await import("/captions.mjs");
  const made = [];
  const Native = window.AudioContext;
  window.AudioContext = class extends Native {
    constructor() {
      super();
      made.push(this);
    }
  };
  const source = new Native();
  const tone = source.createOscillator();
  const microphone = source.createMediaStreamDestination();
  tone.connect(microphone);
  tone.start();
  const [track] = microphone.stream.getTracks();
  const stop = recordCaptions(track, () => {});
  const until = async (met) => {
    for (let tries = 0; !met() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await until(() => made.some(({ state }) => state === "running"));
  track.stop();
  await until(() => made.every(({ state }) => state === "closed"));
  const found = made.map(({ state }) => state);
  stop(); // once more does no harm
  return found;
});

await browser.close();
console.log(JSON.stringify({ offers, captions, errors }));
