// Ten write twenty messages each as fast as they can; three listen, who are shown the last twenty.
import { config, listener, print, until, withSession } from "./people.mjs";

const { room: roomId, tokens } = config;
const clients = tokens.map((token) => withSession(token));
const listeners = await Promise.all(clients.slice(0, 3).map((each) => listener(each, roomId, { limit: 20 })));
await Promise.all(
  clients.map(async (client, writer) => {
    for (let number = 0; number < 20; number++) {
      const body = { text: `${writer} ${number}`, clientId: `${number}` };
      await client.call("POST", `/api/rooms/${roomId}/messages`, body, { patience: 60_000 });
    }
  }),
);
await until(() => listeners.every(({ room }) => room.messages.length >= 200));
print({
  orders: listeners.map(({ room }) => room.messages.map(({ text }) => text)),
  new: listeners.map(({ changes }) => changes.filter(([type]) => type === "new").length),
});
