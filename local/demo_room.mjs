// The part of the demo in which three people write to each other, each in a language of their own.
// Usage: node demo_room.mjs CONFIG, with the addresses of a stack, the file for the transcript, and how
// long one waits for the next message (ms).
import { writeFileSync } from "node:fs";
import { initializeApp } from "@firebase/app";
import { connectAuthEmulator, getAuth, signInWithCustomToken } from "@firebase/auth";
import {
  collection,
  connectFirestoreEmulator,
  doc,
  getFirestore,
  limit,
  onSnapshot,
  orderBy,
  query,
} from "@firebase/firestore";
import { Client, textFor } from "../public/live.mjs";

const { base, auth, firestore, transcript, pace } = JSON.parse(process.argv[2]);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Somebody with a new account, who listens with the Firebase SDK.
async function person(name, languages) {
  const email = `${name.toLowerCase()}-${Date.now()}@example.com`;
  const answer = await fetch(`${base}/api/auth/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password: "secret-123", name }),
  });
  const { data: session, error } = await answer.json();
  if (error) throw new Error(`${name} cannot register: ${error.message}`);
  const app = initializeApp({ apiKey: "any", projectId: "demo-troupe" }, name);
  const firebase = {
    auth: getAuth(app),
    firestore: getFirestore(app),
    sdk: { signInWithCustomToken, collection, doc, query, orderBy, limit, onSnapshot },
  };
  connectAuthEmulator(firebase.auth, `http://${auth}`, { disableWarnings: true });
  const [host, port] = firestore.split(":");
  connectFirestoreEmulator(firebase.firestore, host, Number(port));
  const client = new Client({ baseUrl: base, session, firebase });
  return { name, languages, client, id: session.user.id, room: undefined };
}

async function until(condition, seconds) {
  const ends = Date.now() + seconds * 1000;
  while (!condition() && Date.now() < ends) await wait(10);
  return condition();
}

const [ada, bruno] = await Promise.all([person("Ada", ["en"]), person("Bruno", ["pt", "en"])]);
const { languages } = await ada.client.call("GET", "/api/translation/languages");
const german = languages.some(({ code }) => code === "de");
const greta = await person("Greta", ["de", "en"]);
const people = [ada, bruno, greta];
console.log(
  german
    ? "  Ada reads English, Bruno Portuguese, Greta German."
    : "  Ada reads English, Bruno Portuguese, Greta German. This translator has no German, so Greta\n" +
        "  writes English, which is her second language.",
);

// Ada creates a private room, in which the others join with a code.
const create = { name: "Lisbon on Friday", isPrivate: true, language: "en" };
const { room: created } = await ada.client.call("POST", "/api/rooms", create);
const { code } = await ada.client.call("POST", `/api/rooms/${created.id}/invitations`, { kind: "code" });
for (const { client, languages } of [bruno, greta]) {
  const [language, secondLanguage] = languages;
  await client.call("POST", "/api/rooms/join", { code, language, secondLanguage });
}
for (const each of people) {
  each.room = each.client.room(created.id, { people: () => {} });
  if (!(await until(() => each.room.state === "live", 30))) throw new Error(`${each.name} cannot listen`);
}

// Messages are translated for those who are there.
await until(() => people.every(({ room }) => room.people.length === people.length), 30);

const lines = [];
const said = (id, reader) => reader.room.messages.find((each) => each.id === id);
const shown = (id, reader) => textFor(said(id, reader), reader.languages);
const settled = (message) => message && message.translationState !== "pending";

// Shows a message as each reads it, once all have it with its translations.
async function show(writer, change, begun, message, seen) {
  const of = (each) => said(message.id, each);
  const everywhere = () => people.every((each) => seen(of(each)) && settled(of(each)));
  let all = await until(everywhere, 4);
  if (!all) {
    // The server tries again later; whoever does not want to wait asks for the translation.
    const wanted = (each) => (german ? each.languages[0] : each.languages.find((code) => code !== "de"));
    await Promise.all(people.map((each) => each.room.translate(message.id, wanted(each))));
    all = await until(everywhere, 10);
  }
  const took = all ? `${Math.round(performance.now() - begun)} ms` : "its translation is late";
  const title = `${writer.name}${change && `, ${change}`}`;
  console.log(`  ${title.padEnd(19)} ${said(message.id, writer).text}   (${took})`);
  lines.push(`**${writer.name}**${change && ` (${change})`}`, "");
  for (const each of people) {
    const { text, language, by } = shown(message.id, each);
    if (by) console.log(`    ${each.name} reads`.padEnd(22) + text);
    lines.push(`- ${each.name} reads ${by ? `${language}, translated by ${by}` : language || "it"}: ${text}`);
  }
  lines.push("");
}

async function say(writer, text) {
  writer.room.typing();
  await wait(pace);
  const begun = performance.now();
  const message = await writer.room.send(text);
  await show(writer, "", begun, message, Boolean);
  return message;
}

async function edit(writer, message, text) {
  await wait(pace);
  const begun = performance.now();
  await writer.room.edit(message.id, text);
  await show(writer, "corrected", begun, message, (each) => each?.text === text);
}

await say(ada, "Good morning! Who is coming to Lisbon on Friday?");
await say(bruno, "Bom dia! Eu chego na quinta-feira à noite.");
await say(
  greta,
  german
    ? "Guten Morgen! Mein Zug kommt am Freitag um acht Uhr an."
    : "Good morning! My train arrives on Friday at eight.",
);
await say(bruno, "O hotel fica perto do mar: https://example.com/hotel");
const dinner = await say(ada, "Shall we have dinner together at seven o'clock?");
await edit(ada, dinner, "Shall we have dinner together at nine o'clock?");
await say(greta, german ? "Gern! Ich habe großen Hunger." : "Yes, with pleasure! I will be very hungry.");
await say(bruno, "Conheço um restaurante pequeno perto do porto. O peixe é muito bom.");
await say(ada, "Perfect. I will reserve a table for three people.");
const wrong = await say(bruno, "O restaurante fecha na sexta-feira.");
await wait(pace);
await bruno.room.delete(wrong.id);
await until(() => people.every((each) => said(wrong.id, each).deletedAt), 10);
console.log("  Bruno deletes that; it is gone for all.");
lines.push("*Bruno has deleted the last message.*", "");
const last = await say(bruno, "Desculpem, está aberto. Até sexta-feira!");

// The same message again, as after an answer that was lost: nobody gets it twice.
const count = () => ada.room.messages.length;
const before = count();
await bruno.room.send(last.text, { clientId: last.clientId });
await wait(pace);
console.log(`  Bruno sends that once more: the room still has ${count()} messages.`);
for (const each of people) each.room.close();
await wait(500);
const orders = new Set(people.map((each) => each.room.messages.map(({ id }) => id).join()));
if (orders.size !== 1 || count() !== before) throw new Error("the three do not see the same");
writeFileSync(transcript, [`# ${create.name}`, "", ...lines].join("\n"));
process.exit(0);
