// Answers and connections are lost, and an access token ends: nothing else is.
import { disableNetwork, doc, enableNetwork, onSnapshot } from "@firebase/firestore";
import { Client } from "../../../public/live.mjs";
import { config, firebase, listener, print, until, withSession } from "./people.mjs";

const { room: roomId, reader, owner, through, session } = config;
const sessions = [];
const onSession = (next) => sessions.push(next);
const old = { ...session, accessToken: "no.longer.valid" };
const writer = new Client({ baseUrl: through, session: old, onSession, firebase: firebase() });
const seen = await listener(withSession(reader), roomId, { limit: 10 });
const room = writer.room(roomId);
const begun = performance.now();
const first = await Promise.all([1, 2, 3].map((each) => room.send(`Lost ${each}`, { clientId: `c${each}` })));
const took = performance.now() - begun;
await until(() => first.every(({ id }) => seen.arrived.has(id)));
const again = await room.send("Lost 1", { clientId: "c1" });
const refused = await room.send("Another text", { clientId: "c1" }).catch((error) => error);

// More than a listener is shown is written while it has no connection.
await disableNetwork(seen.client.firebase.firestore);
await until(() => seen.room.state === "connecting");
for (let number = 0; number < 14; number++) await room.send(`Missed ${number}`);
await enableNetwork(seen.client.firebase.firestore);
await until(() => seen.room.messages.length === 17, () => seen.room.messages.length);

// Somebody comes later, and reads what was written before.
const late = await listener(withSession(reader), roomId, { limit: 10 });
const begins = late.room.messages.length;
while (await late.room.older());
const { user } = await late.client.call("GET", "/api/auth/me");
let marked = null;
onSnapshot(doc(late.client.firebase.firestore, "rooms", roomId, "reads", user.id), (found) => {
  marked = found.data()?.lastReadId;
});
// The emulator may tell a listener nothing of what is created while its first answer is on the way.
await until(() => marked !== null);
late.room.markRead();
await until(() => marked === late.room.messages.at(-1).id);

// What is older than a listener is shown changes, too, and what the owner has deleted disappears.
const texts = ({ room }) => room.messages.map(({ text }) => text);
const found = { texts: texts(seen), late: texts(late), changes: seen.changes.map((each) => `${each[0]} ${each[1]}`) };
const direct = new Client({ baseUrl: config.base, session: sessions.at(-1) });
await direct.call("PUT", `/api/rooms/${roomId}/messages/${first[0].id}`, { text: "Found" });
await until(() => late.room.messages[0].text === "Found", () => late.room.messages);
const path = `/api/rooms/${roomId}/messages?before=${first[1].createdAt}`;
const before = late.changes.length;
await withSession(owner).call("DELETE", path);
await until(() => late.room.messages.length === 15, () => late.room.messages);
const expired = late.changes.slice(before);
print({
  ...found,
  states: seen.states,
  expired,
  begins,
  renewed: sessions.length,
  same: again.id === first[0].id,
  refused: [refused.status, refused.code],
  took,
});
