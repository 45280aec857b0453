// Ten people in a room: what they write, edit, translate and delete is seen alike by all; one is removed.
import { config, latencies, listener, p95, print, until, withSdk, withSession } from "./people.mjs";

const { room: roomId, invitation, tokens, owner } = config;
const signedUp = await Promise.all(tokens.map(() => withSdk(roomId, invitation, "en")));
const clients = [...tokens.map((token) => withSession(token)), ...signedUp];
const all = await Promise.all(clients.map((each) => listener(each, roomId, { limit: 100 })));
const result = { p95: [] };
// Messages are translated for those who are there.
await until(() => all.every(({ room }) => room.people.length === 10), () => all[0].room.people);
const english = { language: "en" };

const settled = ({ translationState, audio }) => translationState !== "pending" && audio?.transcript !== "pending";

// Everybody writes at once.
const arrivedAtAll = (messages) =>
  until(() => all.every(({ arrived }) => messages.every(({ id }) => arrived.has(id))));
const sending = all.flatMap(({ room }, writer) => [0, 1].map((each) => room.send(`Message ${each} of ${writer}`, english)));
await arrivedAtAll(await Promise.all(sending));
const done = (message) => message.translationState === "done";
const undone = () => all[0].room.messages.filter((each) => !done(each));
await until(() => all.every(({ room }) => room.messages.every(done)), undone);

// One after another, to see how soon they arrive. Again if that is slow: the machine may be busy.
for (let round = 0; round < 4 && !(Math.min(...result.p95) <= config.wanted); round++) {
  const messages = [];
  for (const { room } of all) {
    messages.push(await room.send(`Message ${messages.length} of round ${round}`, english));
    await arrivedAtAll(messages);
  }
  result.p95.push(p95(latencies(all, messages)));
}
await until(() => all.every(({ room }) => room.messages.every(done)));
result.orders = all.map(({ room }) => room.messages.map(({ text }) => text));
result.new = all.map(({ changes }) => changes.filter(([type]) => type === "new").length);
result.translated = all.every(({ room }) =>
  room.messages.every(({ text, translations }) => translations.de.text === `[de] ${text}`),
);

// An edit, a translation into another language, a deletion.
for (const each of all) each.changes.length = 0;
const [ada, bob] = [all[0].room, all[9].room];
const { id } = ada.messages.find(({ text }) => text === "Message 0 of 0");
const of = (room) => room.messages.find((each) => each.id === id);
const everywhere = (test) => until(() => all.every(({ room }) => test(of(room))));
await ada.edit(id, "edited");
await everywhere((message) => message.text === "edited" && done(message));
result.asked = await bob.translate(id, "fr");
await everywhere((message) => message.translations.fr);
await ada.delete(id);
await everywhere((message) => message.deletedAt);
result.changes = all.map(({ changes }) => [...changes]);

// A sound and a picture.
const blobOf = (text) => new Blob([Buffer.from(text, "base64")]);
const files = { audio: blobOf(config.sound), photo: blobOf(config.picture) };
const sentFiles = await bob.send("", { clientId: "files", ...files });
await arrivedAtAll([sentFiles]);
const withFiles = ada.messages.at(-1);
const loaded = await Promise.all([ada.sound(withFiles.id), ada.picture(withFiles.id)]);
result.files = {
  alike: JSON.stringify([withFiles.audio.seconds, withFiles.photo.width]),
  sent: JSON.stringify([sentFiles.audio.seconds, sentFiles.photo.width]),
  types: loaded.map(({ type }) => type),
  whole: loaded.every(({ size }, number) => size === [withFiles.audio, withFiles.photo][number].size),
};

// All that is seen is what the API answers, also of a caption.
const form = new FormData();
for (const [name, value] of Object.entries({ text: "Said", stream: "s", seq: "0" })) form.append(name, value);
await clients[9].call("POST", `/api/rooms/${roomId}/captions`, form);
await until(() => all.every(({ room }) => room.messages.at(-1).kind === "caption" && room.messages.every(settled)));
const { messages } = await clients[9].call("GET", `/api/rooms/${roomId}/messages?limit=100`);
result.answered = messages.reverse();
result.seen = bob.messages;

// People come and type; what somebody has typed arrives, and they type no more.
const others = all.slice(0, 9);
const isTyping = ({ room }) => room.people.some(({ state }) => state === "typing");
bob.typing();
await until(() => others.every(isTyping));
await bob.send("This was typed");
await until(() => !others.some(isTyping), undefined, 8); // by itself, after ten seconds

// One is removed.
const [removed] = all.splice(3, 1);
const { user } = await removed.client.call("GET", "/api/auth/me");
await withSession(owner).call("DELETE", `/api/rooms/${roomId}/members/${user.id}`);
await arrivedAtAll([await ada.send("This is after")]);
await until(() => removed.states.includes("removed"), () => removed.states);
result.removed = removed.states.at(-1);
result.saw = removed.room.messages.some(({ text }) => text === "This is after");

// Another closes the page.
const present = ada.people.length;
all.at(-1).room.close();
await until(() => ada.people.length === present - 1, () => ada.people);
result.present = present;
result.closed = all.at(-1).states.at(-1);
print(result);
