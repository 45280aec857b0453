// Writes the types of the API: node generate.mjs openapi.json api.d.ts
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [document, output] = process.argv.slice(2);
const blob = ts.factory.createTypeReferenceNode("Blob");
const nodes = await openapiTS(JSON.parse(await readFile(document, "utf8")), {
  // A field with a default may be left out of a request.
  defaultNonNullable: false,
  // Files are Blobs; as strings, which is what the generator takes them for, none could be sent.
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
await writeFile(output, astToString(nodes));
