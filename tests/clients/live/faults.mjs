// What no real server does on demand: a server and a page of this program's own, and two tabs.
import { once } from "node:events";
import { createServer } from "node:http";
import { Client, textFor } from "../../../public/live.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// Waits for so many, and for more that should not come.
async function counted(many, found) {
  for (let tries = 0; found().length < many && tries < 1000; tries++) await pause(20);
  await pause(100);
  return found();
}
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);
globalThis.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
let turn = Promise.resolve();
const locks = { request: (name, work) => (turn = turn.then(work)) };
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });

const requests = [];
let answers; // by method and the end of the path
const server = createServer(async (request, response) => {
  let body = "";
  for await (const each of request) body += each;
  const { method, url, headers } = request;
  const asked = { method, url, token: headers.authorization, body: body && JSON.parse(body) };
  requests.push(asked);
  const path = url.split("?")[0];
  const [, found] = Object.entries(answers).find(([name]) => `${method} ${path}`.endsWith(name)) ?? [];
  const { status = 200, type = "application/json", text, ...data } = found?.(asked) ?? { status: 404 };
  response.writeHead(status, { "Content-Type": type, Connection: "close" });
  response.end(text ?? JSON.stringify(data));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const session = { accessToken: "any" };
const present = { "/presence": () => ({ data: { beatSeconds: 60, online: [] } }) };
const listed = (messages) => ({ data: { messages }, meta: {} });
const stream = () => ({ type: "text/event-stream", text: ": nothing\n\n" });
const result = {};

// The network answers with pages of its own, and then with streams that end at once.
let broken = 2;
answers = {
  ...present,
  "/messages": () => (broken-- > 0 ? { status: [403, 404][broken], type: "text/html", text: "<p>" } : listed([])),
  "/events": stream,
};
const states = [];
let room = new Client({ baseUrl, session }).room("a", { state: (state) => states.push(state) });
await counted(1, () => requests.filter(({ url }) => url.endsWith("/events")));
await pause(2000); // more would come at once
result.states = states;
result.streams = requests.filter(({ url }) => url.endsWith("/events")).length;

// The page is hidden after it is left.
const beats = () => requests.filter(({ url }) => url.endsWith("/presence")).map(({ body }) => body.state);
requests.length = 0;
page.dispatchEvent(new Event("pagehide"));
document.visibilityState = "hidden";
document.dispatchEvent(new Event("visibilitychange"));
result.left = await counted(1, beats);
document.visibilityState = "visible";
page.dispatchEvent(new Event("pageshow"));
result.back = await counted(2, beats);
room.close();

// Addresses and ids that lead elsewhere.
const client = new Client({ baseUrl, session });
const elsewhere = ["https://elsewhere.example/x", "//elsewhere.example"];
answers = { ...present, "": () => ({ data: {} }) };
result.refused = await Promise.all(
  elsewhere.map((path) => client.call("GET", path).then((data) => path, (error) => error.name)),
);
requests.length = 0;
client.room("../auth/logout?x=").close();
await counted(1, () => requests);
result.path = requests.at(-1).url;

// Two tabs renew their session at the same time. A token that is used twice ends it.
let current = 0;
let stored = { accessToken: "old", refreshToken: "0" };
const ended = { status: 401, error: { code: "refresh_token_reused" } };
answers = {
  "/refresh": ({ body }) => {
    if (body.refreshToken !== String(current)) return ended;
    current++;
    return { data: { accessToken: `new ${current}`, refreshToken: String(current) } };
  },
  "/me": ({ token }) => (token.includes("new") ? { data: {} } : { status: 401, error: { code: "token_invalid" } }),
};
const tabs = [0, 1].map(
  () => new Client({ baseUrl, session: stored, onSession: (next) => (stored = next), loadSession: () => stored }),
);
await Promise.all(tabs.map((tab) => tab.call("GET", "/api/auth/me")));
result.renewed = current;

// Somebody comes later, who reads Portuguese.
const said = (id, language, more) => {
  const time = `2026-11-01T00:00:0${id}Z`;
  const fields = { targets: [], translations: {}, revision: 1, createdAt: time, updatedAt: time };
  return { id: String(id), text: "Hallo", language, ...fields, ...more };
};
const translations = { "pt-BR": { text: "Olá", by: "any", partly: false } };
const messages = [
  said(1, "de"),
  said(2, "de"),
  said(3, "de", { targets: ["pt-BR"], translations }),
  said(4, "pt-PT"),
  said(5, "de", { deletedAt: "2026-11-01T00:00:09Z" }),
  said(6, "de"),
];
requests.length = 0;
answers = {
  ...present,
  "/messages": () => listed(messages),
  "/events": stream,
  "/6/translations": () => ({ status: 422, error: { code: "unknown_choice" } }),
  "/translations": () => ({ status: 429, error: { code: "too_many_requests" } }),
};
room = new Client({ baseUrl, session }).room("b", {}, { languages: ["pt"] });
const asked = () => requests.filter(({ url }) => url.endsWith("/translations"));
result.asked = (await counted(2, asked)).map(({ url }) => url.split("/")[5]);
room.close();
result.shown = textFor(messages[2], ["pt"]);

// A beat that fails is not left for a minute.
requests.length = 0;
let refusals = 1;
answers = {
  "/messages": () => listed([]),
  "/events": stream,
  "/presence": () => (refusals-- > 0 ? { status: 400, error: { code: "unreadable" } } : present["/presence"]()),
};
room = new Client({ baseUrl, session }).room("c", {});
result.beats = (await counted(2, beats)).length;
room.close();

console.log(JSON.stringify(result));
process.exit(0);
