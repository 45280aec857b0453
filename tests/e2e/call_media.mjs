// Two browsers in one call: a guest speaks, and the host reads it in another language; the host shows a screen, and
// the guest sees it. Usage: node call_media.mjs BROWSER HOSTING AUTH FIRESTORE TOKEN CALL LINK SOUND; prints JSON.
import { visit } from "./call_pages.mjs";

const [browserPath, base, auth, firestore, token, callId, link, sound] = process.argv.slice(2);
const patience = { timeout: 240_000 };
const errors = [];
const failed = (error) => errors.push(String(error));

const given = encodeURIComponent(JSON.stringify({ token, callId, language: "pt", auth, firestore }));
const host = await visit(browserPath, `${base}/host.html#${given}`, { failed });
await host.page.locator("#state", { hasText: "in" }).waitFor(patience);
const guest = await visit(browserPath, base + link, { locale: "en-US", sound, failed });
await guest.page.locator("[name=name]").fill("Grace");
await guest.page.locator("#guest button").click();
await host.page.locator("#people", { hasText: "Grace connected" }).waitFor(patience);

// The guest speaks. The first piece may begin in the middle of the sentence, or at its end.
const said = (each, words) => each.page.locator("#messages li", { hasText: words }).first();
const [spoken, read] = [said(guest, /(\w+\W+){10}/), said(host, /\b(cidade|montanhas?)\b/)];
await guest.page.locator("#captions").click();
await Promise.all([spoken.waitFor(patience), read.waitFor(patience)]);
const captions = { read: await read.textContent(), spoken: await spoken.textContent() };
await guest.page.locator("#captions[aria-pressed=true]").click();
await guest.page.locator("#captions[aria-pressed=false]").waitFor();

// The host shows a screen, and the browser ends that.
const id = await host.page.evaluate(() => window.call.participantId);
const screen = guest.page.locator(`#p${id} video`).nth(1);
const hidden = await screen.isHidden();
await host.page.evaluate(() => window.call.share(true));
await screen.waitFor(patience);
const shown = await screen.evaluate(async (video) => {
  for (let frames = 0; frames < 5; frames++) await new Promise((next) => video.requestVideoFrameCallback(next));
  return { width: video.videoWidth, height: video.videoHeight };
});
const face = await guest.page.locator(`#p${id} video`).first().evaluate((video) => video.videoWidth);
await host.page.evaluate(() => window.call.screen.getTracks()[0].dispatchEvent(new Event("ended")));
await screen.waitFor({ state: "hidden", ...patience });
const left = await host.page.evaluate(() => window.call.screen.getTracks().length);
for (const { browser } of [host, guest]) await browser.close();
console.log(JSON.stringify({ captions, screen: { hidden, shown, left }, face, errors }));
