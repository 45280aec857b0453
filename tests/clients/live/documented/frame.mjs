// What the examples of docs/clients.md take from their page.
const config = JSON.parse(process.argv[2]);
const firebaseConfig = { apiKey: "any", projectId: "demo-troupe" };
const session = { accessToken: config.token };
const roomId = config.room;
const chosenFile = new Blob([Buffer.from(config.picture, "base64")]);
const spokenId = config.spoken;
const [picture, audio] = [{}, {}];
const waiting = { text: "Kept.", clientId: "kept-1" };
globalThis.location = new URL(config.base); // the page's own address
const seen = { kinds: [], states: [], drawn: [], people: 0 };
const draw = (lines) => (seen.drawn = lines);
const drawPeople = (people) => (seen.people = people.length);
const ring = () => seen.kinds.push("new");
const drawNotice = (notice) => seen.states.push(notice);
const store = () => {};
const stored = () => session;
const signInAgain = () => {};
const keepForLater = () => {};

// The examples.

const { writeFileSync } = await import("node:fs");
const sources = [picture.src, audio.src];
writeFileSync(1, JSON.stringify({ ...seen, text, more, members: members.length, sources }));
process.exit(0);
