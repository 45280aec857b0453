// People who listen with public/live.mjs, each with a Firebase app of their own.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { initializeApp } from "@firebase/app";
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  getAuth,
  signInWithCustomToken,
} from "@firebase/auth";
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
import { Client } from "../../../public/live.mjs";

export const config = JSON.parse(process.argv[2]);
const sdk = { signInWithCustomToken, collection, doc, query, orderBy, limit, onSnapshot };

export function firebase() {
  const app = initializeApp({ apiKey: "any", projectId: "demo-troupe" }, randomUUID());
  const auth = getAuth(app);
  connectAuthEmulator(auth, `http://${config.auth}`, { disableWarnings: true });
  const firestore = getFirestore(app);
  const [host, port] = config.firestore.split(":");
  connectFirestoreEmulator(firestore, host, Number(port));
  return { sdk, auth, firestore };
}

// Somebody with a session of the API.
export function withSession(accessToken, more = {}) {
  return new Client({ baseUrl: config.base, session: { accessToken }, firebase: firebase(), ...more });
}

// Somebody who signs up with the SDK, and joins a room.
export async function withSdk(roomId, invitation, language) {
  const used = firebase();
  await createUserWithEmailAndPassword(used.auth, `${randomUUID()}@example.com`, "secret-123");
  const client = new Client({ baseUrl: config.base, firebase: used });
  await client.call("POST", `/api/rooms/${roomId}/join`, { invitation, language });
  return client;
}

// Opens a room, and notes what happens there: when messages arrived, in ms, and every change.
export async function listener(client, roomId, options) {
  const seen = { client, arrived: new Map(), changes: [], states: [], people: [], rooms: [] };
  seen.room = client.room(
    roomId,
    {
      messages: (messages, changes) => {
        for (const { type, message } of changes) {
          if (type === "new" && !seen.arrived.has(message.id)) seen.arrived.set(message.id, Date.now());
          seen.changes.push([type, message.text]);
        }
      },
      state: (state, error) => seen.states.push(error ? `${state}: ${error.code ?? error}` : state),
      people: (people) => seen.people.push(people),
      room: (room) => seen.rooms.push(room),
    },
    options,
  );
  await until(() => seen.states.includes("live"), () => seen.states);
  return seen;
}

export async function until(condition, told = () => "", seconds = 60) {
  for (const ends = Date.now() + seconds * 1000; !condition(); ) {
    if (Date.now() > ends) throw new Error(`waited in vain: ${condition} ${JSON.stringify(told())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// ms between the commit of each message and its arrival at each listener.
export function latencies(listeners, messages) {
  return listeners.flatMap((each) =>
    messages.map((message) => each.arrived.get(message.id) - Date.parse(message.createdAt)),
  );
}

export function p95(numbers) {
  return numbers.toSorted((one, other) => one - other)[Math.ceil(numbers.length * 0.95) - 1];
}

export function print(result) {
  writeFileSync(1, JSON.stringify(result)); // `console.log` to a pipe would not be done before the exit
  process.exit(0); // connections of listeners would keep it
}
