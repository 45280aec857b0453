// Two browsers and a program in one room, with the page room_page.html and public/live.mjs.
// Usage: node room.mjs BROWSER HOSTING AUTH FIRESTORE STATEMENT PITCH; prints what was read, and how soon, as JSON.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { initializeApp } from "@firebase/app";
import { connectAuthEmulator, getAuth, signInWithCustomToken } from "@firebase/auth";
import * as store from "@firebase/firestore";
import { Client } from "../../public/live.mjs";
import { LONGEST, open } from "./web_app.mjs";

const [browserPath, base, auth, firestore, statement, pitch] = process.argv.slice(2);
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
  page.setDefaultTimeout(LONGEST);
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
await ada.page.locator("#people", { hasText: "Bruno active" }).waitFor({ timeout: 8000 }); // before it passes by itself

begun = performance.now();
await room.edit(message.id, "The train arrives after the meeting.");
await Promise.all([line(ada, "after the meeting").waitFor(), line(bruno, "após a").waitFor()]);
results.corrected = since(begun);

/** Has a message spoken for somebody; returns its speech, once everybody can hear it. */
async function speak(each, id, language) {
  const spoken = () => room.messages.find((message) => message.id === id).speech[language];
  await each.page.evaluate((given) => window.room.speak(...given), [id, language]);
  for (let tries = 0; spoken()?.state !== "ready" && tries < 600; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return spoken();
}

/** How long a message sounds in a page, and its strongest frequency. */
function play(each, id, language) {
  return each.page.evaluate(async ([id, language]) => {
    const sound = await window.room.sound(id, { language });
    const audio = new Audio(URL.createObjectURL(sound));
    await new Promise((resolve, reject) => Object.assign(audio, { onloadedmetadata: resolve, onerror: reject }));
    const { length, sampleRate } = await new AudioContext().decodeAudioData(await sound.arrayBuffer());
    const offline = new OfflineAudioContext(1, length, sampleRate);
    const source = new AudioBufferSourceNode(offline, {
      buffer: await offline.decodeAudioData(await sound.arrayBuffer()),
    });
    const meter = new AnalyserNode(offline, { fftSize: 8192, smoothingTimeConstant: 0 });
    source.connect(meter).connect(offline.destination);
    source.start();
    const levels = new Float32Array(meter.frequencyBinCount);
    offline.suspend(Math.min(0.5, audio.duration / 2)).then(() => {
      meter.getFloatFrequencyData(levels);
      offline.resume();
    });
    await offline.startRendering();
    const pitch = (levels.indexOf(Math.max(...levels)) * sampleRate) / 8192;
    return { seconds: audio.duration, pitch };
  }, [id, language]);
}

// Bruno has Greta's message spoken in Portuguese; everybody can hear it. She has no voice of her own.
results.spoken = await speak(bruno, message.id, "pt");
results.heard = await play(ada, message.id, "pt");

// Bruno has one, and has agreed that it may be copied: Ada hears what he has written, in English, in his voice.
await bruno.page.evaluate(async ([consent, pitch]) => {
  const rate = 24_000;
  const bytes = new DataView(new ArrayBuffer(44 + 2 * 3 * rate));
  const write = (at, text) => [...text].forEach((each, place) => bytes.setUint8(at + place, each.charCodeAt(0)));
  const fields = [[16, 16], [24, rate], [28, 2 * rate], [4, bytes.byteLength - 8], [40, bytes.byteLength - 44]];
  for (const [at, number] of fields) bytes.setUint32(at, number, true);
  for (const [at, number] of [[20, 1], [22, 1], [32, 2], [34, 16]]) bytes.setUint16(at, number, true);
  for (const [at, text] of [[0, "RIFF"], [8, "WAVE"], [12, "fmt "], [36, "data"]]) write(at, text);
  for (let n = 0; n < 3 * rate; n++) bytes.setInt16(44 + 2 * n, 8000 * Math.sin((2 * Math.PI * pitch * n) / rate), true);
  const form = new FormData();
  const given = { displayName: "Bruno", language: "en", sampleText: "What Bruno said.", consent, visibility: "private" };
  for (const [name, value] of Object.entries(given)) form.append(name, value);
  form.append("audioFile", new Blob([bytes], { type: "audio/wav" }), "bruno.wav");
  const { character } = await window.client.call("POST", "/api/characters/complete", form);
  const { userId } = window.room.people.find(({ name }) => name === "Bruno");
  const path = `/api/rooms/${window.room.id}/members/${userId}`;
  await window.client.call("PUT", path, { voiceCharacterId: character.id });
}, [statement, Number(pitch)]);
const { id: his } = room.messages.find(({ name }) => name === "Bruno");
results.own = await speak(ada, his, "en");
results.voice = await play(ada, his, "en");

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
