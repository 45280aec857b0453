// Two browsers in one call, which the host records: in a page of an app, which listens to Firestore; a guest in
// the page that Hosting serves is asked. Each browser's microphone hears its own tone.
// Usage: node call_recording.mjs BROWSER HOSTING AUTH FIRESTORE TOKEN CALL LINK TONE TONE; prints JSON.
import { visit as open } from "./call_pages.mjs";
import { LONGEST } from "./web_app.mjs";

const [browserPath, base, auth, firestore, token, callId, link, ...tones] = process.argv.slice(2);
const errors = [];

function visit(name, path, sound) {
  return open(browserPath, base + path, { sound, failed: (error) => errors.push(`${name}: ${error}`) });
}

const given = encodeURIComponent(JSON.stringify({ token, callId, language: "en", auth, firestore }));
const host = await visit("host", `/host.html#${given}`, tones[0]);
await host.page.locator("#state", { hasText: "in" }).waitFor();
const guest = await visit("guest", link, tones[1]);
await guest.page.locator("[name=name]").fill("Grace");
await guest.page.locator("#guest button").click();
await host.page.locator("#people", { hasText: "Grace connected" }).waitFor();

const state = () => host.page.evaluate(() => window.call.recording?.state);
async function until(wanted) {
  for (const ends = performance.now() + LONGEST; performance.now() < ends; ) {
    if ((await state()) === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it is ${await state()}, not ${wanted}`);
}

await host.page.evaluate(() => window.call.record(true));
const asked = await state();
await guest.page.locator("#agree").click();
await until("recording"); // the first part has arrived
await guest.page.locator("#recording", { hasText: "being recorded" }).waitFor();
// A second person comes in: nothing is recorded until they have agreed.
const other = await visit("other", link, tones[1]);
await other.page.locator("[name=name]").fill("Bruno");
await other.page.locator("#guest button").click();
await guest.page.locator("#recording", { hasText: "Not recording" }).waitFor();
await other.page.locator("#agree").click();
await guest.page.locator("#recording", { hasText: "being recorded" }).waitFor();
await host.page.evaluate(() => window.call.record(false));
await guest.page.waitForFunction(() => document.getElementById("recording").textContent === "");
for (const { browser } of [host, guest, other]) await browser.close();
console.log(JSON.stringify({ asked, errors }));
