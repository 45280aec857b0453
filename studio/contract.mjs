// Writes src/contract.d.ts, the types of the API, from functions/openapi.json. Bytes are Blobs.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const blob = ts.factory.createTypeReferenceNode('Blob');
const document = JSON.parse(await readFile(new URL('../functions/openapi.json', import.meta.url), 'utf8'));
// The second names of operations, for older clients, are left out.
for (const item of Object.values(document.paths)) {
  for (const [method, operation] of Object.entries(item)) if (operation.deprecated) delete item[method];
}
const contract = await openapiTS(document, {
  defaultNonNullable: false,
  transform: (schema) => (schema.format === 'binary' ? blob : undefined),
});
await writeFile(new URL('src/contract.d.ts', import.meta.url), astToString(contract));
