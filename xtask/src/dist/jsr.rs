//! The package as JSR takes it: the same files, with a manifest of its own.
//!
//! JSR publishes what Deno reads. Deno finds the types of a script only where its first line names them, and the npm
//! manifest beside it would have Deno resolve what the scripts import from `node_modules`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::fingerprint::{self, Fingerprint};

/// JSR has no names without a scope.
const NAME: &str = "@tidegate/tidegate";

/// Exports that are for Cloudflare's bundler alone, which takes npm's packages: no other runtime imports the module so.
const LEFT_OUT: [&str; 2] = ["./cloudflare", "./core.wasm"];

/// Writes the built `package` for JSR into `output`, if needed.
pub fn build(package: &Path, output: &Path) -> Result<()> {
    let inputs = Fingerprint::new(include_str!("jsr.rs")).tree(package)?;
    fingerprint::unless_fresh(inputs, output, |dir| {
        for file in fingerprint::files_below(package)? {
            let content = fs::read(package.join(&file))?;
            match types_of(package, &file) {
                _ if file == Path::new("package.json") => {
                    let manifest = manifest(&serde_json::from_slice(&content)?)?;
                    fingerprint::write(&dir.join("jsr.json"), format!("{manifest:#}\n").as_bytes())?;
                }
                Some(types) => {
                    let content = [format!("/* @ts-self-types=\"./{types}\" */\n").as_bytes(), &content].concat();
                    fingerprint::write(&dir.join(&file), &content)?;
                }
                None => fingerprint::write(&dir.join(&file), &content)?,
            }
        }
        Ok(())
    })
    .map(drop)
}

/// The name of the types that lie beside a script.
fn types_of(package: &Path, script: &Path) -> Option<String> {
    let name = script.file_name()?.to_str()?.strip_suffix(".js")?;
    let types = format!("{name}.d.ts");
    package.join(script).with_file_name(&types).is_file().then_some(types)
}

/// What JSR wants to know, from what npm is told.
fn manifest(npm: &Value) -> Result<Value> {
    let exports = npm["exports"].as_object().context("the manifest exports nothing")?;
    let exports: BTreeMap<&String, &str> = exports
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
        .filter_map(|(name, target)| Some((name, script(target)?)))
        .collect();
    let field = |name: &str| (name.to_owned(), npm[name].clone());
    let mut jsr = Map::from_iter([field("version"), field("license")]);
    jsr.insert("name".into(), NAME.into());
    jsr.insert("exports".into(), json!(exports));
    Ok(jsr.into())
}

/// The script behind an export where no condition holds.
fn script(target: &Value) -> Option<&str> {
    target
        .as_str()
        .or_else(|| target["default"].as_str())
        .or_else(|| target["default"]["default"].as_str())
        .filter(|path| path.ends_with(".js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_that_runs_outside_of_workers_is_exported() {
        let npm = json!({
            "version": "1.2.3", "license": "MIT",
            "exports": {
                ".": { "workerd": { "default": "./w.js" }, "default": { "types": "./i.d.ts", "default": "./i.js" } },
                "./slim": { "types": "./s.d.ts", "default": "./s.js" },
                "./cloudflare": { "default": "./c.js" },
                "./core.wasm": { "default": "./core.wasm" },
                "./package.json": "./package.json",
            },
        });
        let jsr = manifest(&npm).unwrap();
        assert_eq!(jsr["exports"], json!({ ".": "./i.js", "./slim": "./s.js" }));
        assert_eq!([&jsr["version"], &jsr["license"], &jsr["name"]], ["1.2.3", "MIT", NAME]);
    }
}
