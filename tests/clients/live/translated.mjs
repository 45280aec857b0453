// How long it takes, in ms, until ten listeners have a message, and all of them its translation.
import { config, latencies, listener, p95, print, until, withSession } from "./people.mjs";

const all = await Promise.all(config.tokens.map((token) => listener(withSession(token), config.room)));
await until(() => all[0].room.people.length === all.length); // it is translated for those who are there
const took = [];
const messages = [];
for (const text of config.texts) {
  const begun = performance.now();
  const sending = all[0].room.send(text);
  const has = ({ room }) => room.messages.find((each) => each.text === text)?.translations.pt;
  await until(() => all.every(has));
  took.push(performance.now() - begun);
  messages.push(await sending);
}
const { translations } = all[9].room.messages.at(-1);
print({ took, arrived: p95(latencies(all, messages)), translations });
