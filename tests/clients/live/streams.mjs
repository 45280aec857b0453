// How long it takes to send a message, in ms, without and with sixty streams that are open.
import { Client } from "../../../public/live.mjs";
import { config, print, until } from "./people.mjs";

const { rooms, live, room: roomId, tokens } = config;
const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

async function send(writer, times, text = "before") {
  const asks = new Client({ baseUrl: rooms, session: { accessToken: tokens[writer] } });
  const took = [];
  for (let each = 0; each < times; each++) {
    const begun = performance.now();
    await asks.call("POST", `/api/rooms/${roomId}/messages`, { text });
    took.push(performance.now() - begun);
  }
  return took;
}

await send(0, 3); // loads what it needs
const without = await send(1, 15);
let received = 0;
const path = `${live}/api/rooms/${roomId}/events?stream=true`;
await Promise.all(
  tokens.flatMap((token) =>
    [...Array(6)].map(async () => {
      const headers = { Authorization: `Bearer ${token}` };
      const answer = await fetch(path, { headers });
      if (!answer.ok) throw new Error(await answer.text());
      const chunks = answer.body.pipeThrough(new TextDecoderStream());
      let rest = "";
      (async () => {
        for await (const text of chunks) {
          const lines = (rest + text).split("\n");
          rest = lines.pop(); // the end of a chunk can be in the middle of a line
          received += lines.filter((line) => line.includes('"text":"during"')).length;
        }
      })();
    }),
  ),
);
const during = await send(2, 15, "during");
await until(() => received === 60 * 15, () => received);
print({ without: median(without), during: median(during) });
