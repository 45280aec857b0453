// Speaks a text with its progress, saves the audio, and prints what it has cost.
import { writeFile } from "node:fs/promises";
import { ApiError, Troupe } from "../src/index.js";

const baseUrl = process.env["TROUPE_URL"] ?? "http://127.0.0.1:5000";
const troupe = await Troupe.signIn(process.env["TROUPE_EMAIL"]!, process.env["TROUPE_PASSWORD"]!, { baseUrl });
try {
  const generation = await troupe.speak(
    "Good evening, and welcome to the show.",
    { language: "en-GB", voiceType: "male" },
    { onProgress: (job) => console.log(`${job.status}, ${job.overallProgress} %`) },
  );
  const audio = await troupe.download(`/api/voice/generations/${generation.id}/audio`);
  await writeFile("evening.mp3", new Uint8Array(await audio.arrayBuffer()));
  const file = await troupe.upload(audio, "evening.mp3");
  console.log(`${generation.seconds} s, ${file.name}`);

  const { data, error } = await troupe.api.GET("/api/tokens/ledger", { params: { query: { limit: 2 } } });
  if (error) throw new Error(error.message);
  for (const entry of data.data.entries) console.log(entry.kind, entry.amount);
} catch (error) {
  if (!(error instanceof ApiError) || error.code !== "not_enough_tokens") throw error;
  console.error("There are not enough tokens.");
}
