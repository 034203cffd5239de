// A page that renders on the server and runs in the browser.
"use client";

import "../../contract/before.mjs";
import { useEffect } from "react";
import * as tidegate from "tidegate";
import { report } from "../../contract/index.mjs";
import { parts } from "../../contract/parts.mjs";

const shared = tidegate.createLimiter({ limits: { default: { concurrency: 1 } } });

export default function Page() {
  useEffect(() => {
    const base = new URLSearchParams(location.search).get("base");
    report("a page", { tidegate, parts, shared, base, asyncContext: false });
  }, []);
  return <p>tidegate</p>;
}
