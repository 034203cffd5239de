// Prints the milliseconds from the import of a subject, whose name is the last argument, to its first decision.
const name = process.argv.at(-1);
const started = performance.now();
const { default: decide } = await import(`./${name}.mjs`);
await decide();
console.log(performance.now() - started);
