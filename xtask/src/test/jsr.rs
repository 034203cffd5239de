//! The step that asks Deno whether JSR would take the package, and uses it as somebody would who has it from there.

use std::fs;

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::tools::Shell;
use crate::{dist, fingerprint, node};

/// A program that uses the package.
const PROGRAM: &str = "tests/types/jsr/use.ts";

/// Publishes for show; then checks and runs a program, which gets no permission.
pub fn dry_run(shell: &Shell) -> Result<Outcome> {
    let package = dist::jsr(shell)?;
    node::install(shell, "tests/runtimes")?;
    let script = shell.path("tests/runtimes/node_modules/deno/bin.cjs");
    let deno = || shell.quiet().command("node").arg(&script).env("NO_COLOR", "1");
    let said = deno().args(["publish", "--dry-run", "--allow-dirty"]).dir(&package).log()?;
    ensure!(said.contains("entry/inline.js") && !said.contains("warning["), "JSR would not take it so:\n{said}");

    let consumer = shell.scratch("jsr-consumer");
    let manifest: Value = serde_json::from_slice(&fs::read(package.join("jsr.json"))?)?;
    let name = manifest["name"].as_str().unwrap_or_default();
    let exports = manifest["exports"].as_object().cloned().unwrap_or_default();
    let imports: Map<String, Value> = exports
        .iter()
        .filter_map(|(export, path)| {
            let path = package.join(path.as_str()?);
            Some((format!("{name}{}", export.trim_start_matches('.')), path.to_string_lossy().into()))
        })
        .collect();
    fingerprint::write(&consumer.join("deno.json"), json!({ "imports": imports }).to_string().as_bytes())?;
    fs::copy(shell.path(PROGRAM), consumer.join("use.ts"))?;
    deno().args(["check", "use.ts"]).dir(&consumer).run()?;
    deno().args(["run", "--no-prompt", "use.ts"]).dir(&consumer).run()?;
    Ok(Outcome::Passed(format!("{} exports", exports.len())))
}
