// webpack, in production mode: a script of the classic kind, which loads its chunks when they are needed.
import path from "node:path";
import webpack from "webpack";
import { askedFor, pageOf, runInBrowser, versionOf } from "./built.mjs";

const asked = await askedFor();
const compiler = webpack({
  mode: "production",
  context: asked.project,
  entry: "./page.mjs",
  output: { path: asked.out, filename: "main.js" },
  performance: { hints: false },
});
const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error === null ? resolve(stats) : reject(error))));
await new Promise((resolve) => compiler.close(resolve));
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString("errors-warnings"));
await runInBrowser(asked, [{ leg: `webpack ${versionOf("webpack")}`, path: "/", html: pageOf("/main.js", "defer") }]);
