//! What is in the tarball.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::test::Outcome;
use crate::tools::Shell;
use crate::{dist, fingerprint, node, size};

/// Checks the tarball with the tools that know what breaks consumers, and for what has no place in it.
pub fn package(shell: &Shell) -> Result<Outcome> {
    let tarball = dist::pack(shell)?;
    node::tool(shell, "publint/src/cli.js").arg("--strict").arg(&tarball).run()?;
    // The package is ESM only: `require` of it works from Node 20.19 on, which the runtime tests show.
    let types = node::tool(shell, "@arethetypeswrong/cli/dist/index.js").arg(&tarball);
    types.args(["--profile", "esm-only", "--no-emoji"]).run()?;

    let package = shell.path("pkg");
    let strangers = strangers(&package)?;
    ensure!(strangers.is_empty(), "nothing of the package needs {}", strangers.join(", "));
    let home = std::env::home_dir().map(|home| home.to_string_lossy().into_owned());
    let root = shell.path("").to_string_lossy().into_owned();
    let machine = [Some(root.trim_end_matches('/').to_owned()), home.filter(|home| home.len() > 1)];
    for file in fingerprint::files_below(&package)? {
        let content = fs::read(package.join(&file))?;
        for path in machine.iter().flatten() {
            let leaks = content.windows(path.len()).any(|window| window == path.as_bytes());
            ensure!(!leaks, "pkg/{} names a folder of this machine: {path}", file.display());
        }
    }
    let size = fs::metadata(&tarball)?.len();
    Ok(Outcome::Passed(crate::tools::kilobytes(usize::try_from(size)?)))
}

/// Files that no export leads to: neither scripts and modules that are imported, by types too, nor the types of such.
fn strangers(package: &Path) -> Result<Vec<String>> {
    let package = &package.canonicalize()?;
    let manifest: Value = serde_json::from_str(&fs::read_to_string(package.join("package.json"))?)?;
    let mut used: BTreeSet<PathBuf> = DOCUMENTS.iter().map(|name| package.join(name)).collect();
    let mut open: Vec<PathBuf> = size::entries(&manifest["exports"]).iter().map(|entry| package.join(entry)).collect();
    while let Some(script) = open.pop() {
        let types = [("js", "d.ts"), ("wasm", "d.wasm.ts")].iter().find_map(|(extension, types)| {
            script.extension().is_some_and(|found| found == *extension).then(|| script.with_extension(types))
        });
        if !used.insert(script.clone()) {
            continue;
        }
        for file in [Some(script), types].into_iter().flatten().filter(|file| !size::is_module(file)) {
            open.extend(size::imported_by(&file)?);
            used.insert(file);
        }
    }
    let files = fingerprint::files_below(package)?;
    Ok(files
        .into_iter()
        .filter(|file| !used.contains(&package.join(file)))
        .map(|file| file.display().to_string())
        .collect())
}

const DOCUMENTS: [&str; 5] = ["package.json", "README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
