export const config = JSON.parse(process.argv[2]);
