// Does what a program does with OpenAI's own client for JavaScript, unchanged.
// Usage: node openai_client.mjs HOSTING FUNCTION KEYS FOLDER, where both are addresses that end
// with /v1, and KEYS is JSON; writes the audio into FOLDER and prints one line of JSON.
import { createReadStream, createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import OpenAI from "openai";

const [hosting, itself, keys, folder] = process.argv.slice(2);
const { good, deaf, spent } = JSON.parse(keys);
const input = "The weather in the mountains is very good today. A train leaves at noon.";
const speech = { model: "tts-1", voice: "alloy", input };
let requests = 0;

/** A client that counts its requests, repeats included. */
function client(apiKey, baseURL = hosting) {
  const counted = (...sent) => {
    requests += 1;
    return fetch(...sent);
  };
  return new OpenAI({ apiKey, baseURL, fetch: counted });
}

const openai = client(good);
const types = {};
for (const form of ["mp3", "opus", "aac", "flac", "wav", "pcm"]) {
  const response = await openai.audio.speech.create({ ...speech, response_format: form });
  types[form] = response.headers.get("content-type");
  await writeFile(join(folder, `whole.${form}`), Buffer.from(await response.arrayBuffer()));
}

const direct = client(good, itself);
const streamed = await direct.audio.speech.create(speech);
let chunks = 0;
await pipeline(
  Readable.fromWeb(streamed.body),
  async function* (arriving) {
    for await (const chunk of arriving) {
      chunks += 1;
      yield chunk;
    }
  },
  createWriteStream(join(folder, "streamed.mp3")),
);

// The client sends no length of such a file, which the proxy of the Hosting emulator cannot pass on.
const heard = await direct.audio.transcriptions.create({
  model: "whisper-1",
  file: createReadStream(join(folder, "whole.wav")),
  response_format: "verbose_json",
  timestamp_granularities: ["word"],
});

const models = [];
for await (const model of openai.models.list()) models.push(model.id);
const { voices } = await openai.get("/audio/voices");

/** The class of the client's error, what it says, and how often it was sent. */
async function fails(asking, changes = {}) {
  requests = 0;
  try {
    await asking.audio.speech.create({ ...speech, ...changes });
  } catch (error) {
    const { status, code, param } = error;
    return { name: error.constructor.name, status, code, param, requests };
  }
}

const failures = {
  wrongKey: await fails(client("sk-nothing")),
  wrongScope: await fails(client(deaf)),
  spent: await fails(client(spent)),
  model: await fails(openai, { model: "tts-9" }),
  voice: await fails(openai, { voice: "nobody" }),
  long: await fails(openai, { input: "a".repeat(4097) }),
  speed: await fails(openai, { speed: 9 }),
};
console.log(JSON.stringify({ input, types, chunks, heard, models, voices, failures }));
