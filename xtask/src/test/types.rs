//! The step that compiles what users write, as projects of all kinds do.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Outcome;
use super::scripts::scripts_below;
use crate::tools::{Command, Shell};
use crate::{dist, node};

/// The project that is compiled under every module resolution. Folders below it are projects of one kind each.
const PROJECT: &str = "tests/types";

/// The browser's world.
const DOM: &str = "ES2022,DOM,DOM.Iterable";

/// Module system, module resolution, and what the world is: the browser's, also without the newest names, or Node's.
const KINDS: [[&str; 4]; 7] = [
    ["nodenext", "nodenext", DOM, ""],
    ["node16", "node16", DOM, ""],
    ["esnext", "bundler", DOM, ""],
    ["preserve", "bundler", "ESNext,DOM,DOM.Iterable,DOM.AsyncIterable", ""],
    ["nodenext", "nodenext", "ES2022", "node"],
    ["node16", "node16", "ES2022", "node"],
    ["esnext", "bundler", "ES2022", "node"],
];

/// Compiles the consumer's side of the types, which has to use every entry of the package.
pub fn types(shell: &Shell) -> Result<Outcome> {
    let package = dist::run(shell, &dist::Args::default())?;
    let manifest: Value = serde_json::from_str(&fs::read_to_string(package.join("package.json"))?)?;
    let files = scripts_below(shell, PROJECT, ".ts")?;
    let sources = files.iter().map(fs::read_to_string).collect::<std::io::Result<Vec<_>>>()?.concat();
    let unused = unused(&manifest["exports"], &sources);
    ensure!(unused.is_empty(), "nothing in {PROJECT} imports {}", unused.join(", "));

    for [module, resolution, lib, types] in KINDS {
        let tsc = compiler(shell, PROJECT).args(["--module", module, "--moduleResolution", resolution]);
        let tsc = tsc.args(["--lib", lib, "--types", types]);
        tsc.run().with_context(|| format!("types with module {module}, lib {lib}, types [{types}]"))?;
    }
    let own_kind = scripts_below(shell, PROJECT, "/tsconfig.json")?;
    let own_kind = own_kind.iter().filter_map(|file| file.strip_prefix(shell.path(PROJECT)).ok()?.parent());
    let own_kind: Vec<_> = own_kind.filter(|folder| !folder.as_os_str().is_empty()).collect();
    for kind in &own_kind {
        let project = Path::new(PROJECT).join(kind);
        compiler(shell, project).run().with_context(|| format!("types in {}", kind.display()))?;
    }
    Ok(Outcome::Passed(format!("{} kinds of projects", KINDS.len() + own_kind.len())))
}

fn compiler(shell: &Shell, project: impl AsRef<Path>) -> Command {
    node::tsc(shell, project.as_ref()).arg("--noEmit")
}

/// The entries with types of their own that these sources do not import, as they would have to be named there.
fn unused(exports: &Value, sources: &str) -> Vec<String> {
    let typed = exports.as_object().into_iter().flatten().filter(|(_, target)| has_types(target));
    let names = typed.map(|(subpath, _)| format!("\"tidegate{}\"", &subpath[1..]));
    names.filter(|name| !sources.contains(name)).collect()
}

fn has_types(target: &Value) -> bool {
    target.as_object().is_some_and(|conditions| conditions.contains_key("types") || conditions.values().any(has_types))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_that_no_source_imports_is_found() {
        let entry = json!({ "types": "./a.d.ts", "default": "./a.js" });
        let exports = json!({ ".": { "workerd": entry, "default": entry }, "./a": entry, "./a.wasm": "./a.wasm" });
        assert_eq!(unused(&exports, r#"from "tidegate"; from "tidegate/a";"#), Vec::<String>::new());
        assert_eq!(unused(&exports, r#"from "tidegate/a.js";"#), [r#""tidegate""#, r#""tidegate/a""#]);
    }
}
