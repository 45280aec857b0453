// Two browsers and a program in one room, with the page room_page.html and public/live.mjs.
// Usage: node room.mjs BROWSER HOSTING AUTH FIRESTORE; prints what was read, and how soon, as JSON.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { initializeApp } from "@firebase/app";
import { connectAuthEmulator, getAuth, signInWithCustomToken } from "@firebase/auth";
import * as store from "@firebase/firestore";
import { Client } from "../../public/live.mjs";
import { open } from "./web_app.mjs";

const [browserPath, base, auth, firestore] = process.argv.slice(2);
const root = fileURLToPath(new URL("../..", import.meta.url));
const results = { errors: [] };

// The program: Greta owns the room.
const account = { email: `greta-${Date.now()}@example.com`, password: "secret-123", name: "Greta" };
const answer = await fetch(`${base}/api/auth/register`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(account),
});
const { data: session } = await answer.json();
const firebase = { auth: getAuth(initializeApp({ apiKey: "any", projectId: "demo-troupe" })) };
firebase.firestore = store.getFirestore();
firebase.sdk = { signInWithCustomToken, ...store };
connectAuthEmulator(firebase.auth, `http://${auth}`, { disableWarnings: true });
const [host, port] = firestore.split(":");
store.connectFirestoreEmulator(firebase.firestore, host, Number(port));
const greta = new Client({ baseUrl: base, session, firebase });
const create = { name: "Two browsers", isPrivate: true, language: "en" };
const { id } = (await greta.call("POST", "/api/rooms", create)).room;
const { code } = await greta.call("POST", `/api/rooms/${id}/invitations`, { kind: "code" });
const room = greta.room(id, { people: () => {} });

// Each in a browser of their own.
async function visit(name, language) {
  // The page comes from this program, so Chromium does not count it as local, as the emulators are.
  const browser = await open(browserPath, "--disable-features=LocalNetworkAccessChecks");
  const page = await browser.newPage();
  page.on("pageerror", (error) => results.errors.push(`${name}: ${error}`));
  await page.route("**/room.html", (route) => {
    const body = readFileSync(`${root}/tests/e2e/room_page.html`, "utf8");
    return route.fulfill({ contentType: "text/html", body });
  });
  await page.route("**/node_modules/**", (route) =>
    route.fulfill({ path: root + new URL(route.request().url()).pathname.slice(1) }),
  );
  const given = encodeURIComponent(JSON.stringify({ name, language, code, auth, firestore }));
  await page.goto(`${base}/room.html#${given}`);
  await page.locator("#state", { hasText: "live" }).waitFor();
  return { browser, page };
}

const [ada, bruno] = await Promise.all([visit("Ada", "en"), visit("Bruno", "pt")]);
const line = (each, text) => each.page.locator("#messages li", { hasText: text });
const since = (begun) => Math.round(performance.now() - begun);

// Messages are translated for those who are there.
while (room.people.length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
// The first messages load what the function needs. When asked for, a translation may take longer.
const first = await room.send("Good morning!");
await room.translate(first.id, "pt");
const second = await room.send("Boa noite!", { language: "pt" });
await room.translate(second.id, "en");
await Promise.all([line(bruno, "Bom dia").waitFor(), line(ada, "Good night").waitFor()]);

let begun = performance.now();
const message = await room.send("The train arrives before the meeting.");
await Promise.all([line(ada, "The train arrives").waitFor(), line(bruno, "O trem chega").waitFor()]);
results.fromProgram = since(begun);

const typing = ada.page.locator("#people", { hasText: "Bruno typing" });
// It passes after ten seconds: on a busy machine, maybe before it is seen.
for (let tries = 0, seen = false; !seen; tries++) {
  await bruno.page.locator("#text").fill("");
  await bruno.page.locator("#text").pressSequentially("A casa fica perto do mar.");
  seen = await typing.waitFor({ timeout: 5000 }).then(() => true, () => false);
  if (!seen && tries > 10) throw new Error("nobody sees who is typing");
}
begun = performance.now();
await bruno.page.locator("#text").press("Enter");
await line(ada, "The house is").waitFor();
results.fromBrowser = since(begun);
await ada.page.locator("#people", { hasText: "Bruno active" }).waitFor({ timeout: 3000 });

begun = performance.now();
await room.edit(message.id, "The train arrives after the meeting.");
await Promise.all([line(ada, "after the meeting").waitFor(), line(bruno, "após a").waitFor()]);
results.corrected = since(begun);

// Bruno has Greta's message spoken in Portuguese; everybody can hear it. Where no engine clones voices, as
// here, it is not in her own voice.
begun = performance.now();
const spoken = () => room.messages.find((each) => each.id === message.id).speech.pt;
await bruno.page.evaluate((id) => window.room.speak(id, "pt"), message.id);
for (let tries = 0; spoken()?.state !== "ready" && tries < 600; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
results.spoken = { ...spoken(), after: since(begun) };
const play = async (id) => {
  const audio = new Audio(URL.createObjectURL(await window.room.sound(id, { language: "pt" })));
  await new Promise((resolve, reject) => Object.assign(audio, { onloadedmetadata: resolve, onerror: reject }));
  return audio.duration;
};
results.heard = await ada.page.evaluate(play, message.id);

// Bruno is removed; Ada goes to another page.
const removed = room.people.find(({ name }) => name === "Bruno").userId;
await greta.call("DELETE", `/api/rooms/${id}/members/${removed}`);
await room.send("This is not for Bruno.");
await line(ada, "This is not for Bruno.").waitFor();
await bruno.page.locator("#state", { hasText: "removed" }).waitFor();
const texts = (each) => each.page.locator("#messages li").allTextContents();
results.ada = await texts(ada);
results.bruno = await texts(bruno);
await ada.page.goto(`${base}/`);
for (let tries = 0; room.people.length > 1 && tries < 600; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
results.people = room.people.map(({ name }) => name);
await Promise.all([ada.browser.close(), bruno.browser.close()]);
room.close();
console.log(JSON.stringify(results));
process.exit(0);
