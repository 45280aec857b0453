// Two hundred listen in one process. What they are sent arrives once, at all of them.
import { config, latencies, listener, p95, print, until, withSession } from "./people.mjs";

const all = [];
for (let first = 0; first < config.tokens.length; first += 20) {
  const some = config.tokens.slice(first, first + 20).map((token) => withSession(token));
  all.push(...(await Promise.all(some.map((each) => listener(each, config.room)))));
}
const messages = [];
for (let number = 0; number < 4; number++) {
  const { id, ...message } = await all[number].room.send(`Number ${number}`);
  messages.push({ id, ...message });
  await until(() => all.every(({ arrived }) => arrived.has(id)), undefined, 60);
}
print({
  p95: p95(latencies(all, messages)),
  kinds: [...new Set(all.map(({ changes }) => changes.map(([type]) => type).join()))],
  orders: [...new Set(all.map(({ room }) => room.messages.map(({ text }) => text).join()))],
});
