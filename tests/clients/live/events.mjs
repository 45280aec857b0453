// Somebody without the Firebase SDK follows a room, in which somebody else writes every 300 ms.
import { Client } from "../../../public/live.mjs";
import { config, listener, print, until } from "./people.mjs";

const { base, reader, writer, room: roomId, through, eventsUrl, total } = config;
const client = new Client({ baseUrl: through ?? base, eventsUrl, session: { accessToken: reader } });
const asks = new Client({ baseUrl: base, session: { accessToken: writer } });
const seen = await listener(client, roomId);
const sent = [];
for (let number = 0; number < total; number++) {
  const body = { text: `Number ${number}` };
  sent.push((await asks.call("POST", `/api/rooms/${roomId}/messages`, body)).message);
  await new Promise((resolve) => setTimeout(resolve, 300));
}
await until(() => sent.every(({ id }) => seen.arrived.has(id)), () => seen.changes);
await asks.call("POST", `/api/rooms/${roomId}/presence`, { state: "typing" });
await until(() => seen.room.people.some(({ state }) => state === "typing"), () => seen.room.people);
const path = `/api/rooms/${roomId}/messages/${sent[0].id}`;
await asks.call("PUT", path, { text: "edited" });
await asks.call("DELETE", `/api/rooms/${roomId}/messages/${sent[1].id}`);
await until(() => seen.changes.some(([type]) => type === "deleted"), () => seen.changes);
// A caption grows, and the history is deleted.
for (const [text, final] of [["A", "false"], ["A caption", "true"]]) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ text, final, stream: "s", seq: "0" })) form.append(name, value);
  await asks.call("POST", `/api/rooms/${roomId}/captions`, form);
  await until(() => seen.room.messages.at(-1).text === text, () => seen.changes);
}
const changes = [...seen.changes];
await asks.call("DELETE", `/api/rooms/${roomId}/messages?before=${sent.at(-1).createdAt}`);
await until(() => seen.room.messages.length === 1, () => seen.changes);
const left = seen.room.messages[0].caption;
const { user } = await client.call("GET", "/api/auth/me");
await asks.call("DELETE", `/api/rooms/${roomId}/members/${user.id}`);
await asks.call("POST", `/api/rooms/${roomId}/messages`, { text: "after" });
await until(() => seen.room.state === "removed", () => seen.states);
print({
  changes,
  left,
  waits: sent.map(({ id, createdAt }) => seen.arrived.get(id) - Date.parse(createdAt)),
  saw: seen.room.messages.some(({ text }) => text === "after"),
});
