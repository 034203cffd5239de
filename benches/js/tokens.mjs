// Model tokens, estimated and counted: how fast, and how far from the truth. The documents are those of the tests, or
// all that the weights were tried on, where they are at hand.
import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { estimateTokens } from "tidegate";
import { estimateTokenCount } from "tokenx";
import { nanoseconds, quick, report } from "./support/measure.mjs";

const places = [process.env.TIDEGATE_TOKEN_DOCUMENTS, "../../../shared/data/tokens-dev.jsonl", "../../tests/data/tokens/documents.jsonl"];
const place = places.filter(Boolean).map((path) => new URL(path, import.meta.url)).find((path) => existsSync(path));
const lines = readFileSync(place, "utf8").trim().split("\n");
const documents = lines.map((line) => JSON.parse(line)).slice(0, quick ? 3 : undefined);

// A model of each tokenizer; those of the first line have exact tables.
const MODELS = {
  claude3: "claude-sonnet-4-5", claude47: "claude-sonnet-5", o200k: "gpt-5", gemma3: "gemini-3-pro",
  claude2: "claude-2.1", cl100k: "gpt-4", llama3: "llama-3.3-70b", qwen3: "qwen3-235b", deepseek3: "deepseek-chat", tekken: "mistral-large",
};
const EXACT = Object.keys(MODELS).slice(0, 4);
const BY_CLASS = ["claude3", "claude47", "o200k"];

/** Reports the mean error of each document's estimates, by class and over all. */
function errors(subject, estimate, tokenizers = Object.keys(MODELS)) {
  for (const tokenizer of tokenizers) {
    const known = documents.filter(({ tokens }) => tokenizer in tokens);
    const relative = known.map(({ text, tokens }) => estimate(text, MODELS[tokenizer]) / tokens[tokenizer] - 1);
    const classes = BY_CLASS.includes(tokenizer) ? [...new Set(known.map((document) => document.class))].sort() : [];
    for (const of of [...classes, "all"]) {
      const some = relative.filter((_, index) => of === "all" || known[index].class === of);
      const mean = (values) => (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;
      report(`error ${tokenizer}, ${of}`, subject, mean(some.map(Math.abs)), "%");
      if (of === "all") report(`bias ${tokenizer}`, subject, mean(some), "%");
    }
  }
}

const quarters = (text) => text.length / 4;
errors("tidegate", (text, model) => estimateTokens(text, { model }));
await import("tidegate/tokens");
errors("tidegate, exact", (text, model) => estimateTokens(text, { model }), EXACT);
errors("chars/4", quarters);
errors("tokenx", estimateTokenCount);

/** One text after another of each class, up to 100 kB: a round is short enough that mostly nothing interrupts it. */
function some(classes) {
  const chosen = [];
  let length = 0;
  for (let turn = 0; length < 100_000 && turn < documents.length; turn++) {
    for (const of of classes) {
      const document = documents.filter((document) => document.class === of)[turn];
      if (document === undefined || length >= 100_000) continue;
      chosen.push(document.text);
      length += Buffer.byteLength(document.text);
    }
  }
  return chosen;
}

// Speed, of texts as JavaScript has them. The small form's is that of a tokenizer without a table.
const classes = [...new Set(documents.map((document) => document.class))];
const sets = {
  code: some(classes.filter((name) => name.startsWith("code"))),
  "Chinese, Japanese, Korean": some(["zh", "ja", "ko"]),
  "Russian, Arabic, Hindi": some(["ru", "ar", "hi"]),
  "all classes": some(classes),
};
for (const [name, texts] of Object.entries(sets)) {
  if (texts.length === 0) continue;
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const each = (count) => (turns) => {
    for (let turn = 0; turn < turns; turn++) for (const text of texts) count(text);
  };
  const subjects = {
    tidegate: each((text) => estimateTokens(text, { model: MODELS.tekken })),
    "tidegate, exact": each((text) => estimateTokens(text, { model: MODELS.claude3 })),
    tokenx: each(estimateTokenCount),
    "gpt-tokenizer": each(countTokens),
  };
  const medians = await nanoseconds(subjects, { operations: 1, rounds: 60 });
  for (const subject of Object.keys(subjects)) report(`speed, ${name}`, subject, (bytes / medians[subject]) * 1e3, "MB/s");
}

// Bodies of requests, read as JSON.
const bodies = sets["all classes"].map((text) => new TextEncoder().encode(JSON.stringify({ model: MODELS.claude3, messages: [{ role: "user", content: text }] })));
const ofBodies = (model) => (turns) => {
  for (let turn = 0; turn < turns; turn++) for (const body of bodies) estimateTokens(body, { model });
};
const medians = await nanoseconds({ tidegate: ofBodies(MODELS.tekken), "tidegate, exact": ofBodies(undefined) }, { operations: 1, rounds: 200 });
const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
for (const [subject, median] of Object.entries(medians)) report("speed, bodies in bytes", subject, (bytes / median) * 1e3, "MB/s");

const tables = readFileSync(new URL("../../pkg/tokens/tables.js", import.meta.url));
report("tidegate/tokens, raw", "tidegate", tables.length, "bytes");
report("tidegate/tokens, brotli", "tidegate", brotliCompressSync(tables).length, "bytes");
