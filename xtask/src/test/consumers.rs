//! Steps that test the packed tarball: what users get.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Outcome;
use crate::tools::Shell;
use crate::{dist, fingerprint, node};

/// Packages with other runtimes, installed only for these tests.
const RUNTIMES: &str = "tests/runtimes";

/// Checks the tarball with the tools that know what breaks consumers, and for what has no place in it.
pub fn package(shell: &Shell) -> Result<Outcome> {
    let tarball = dist::pack(shell)?;
    node::tool(shell, "publint/src/cli.js").arg("--strict").arg(&tarball).run()?;
    // The package is ESM only: `require` of it works from Node 20.19 on, which the runtime tests show.
    let types = node::tool(shell, "@arethetypeswrong/cli/dist/index.js").arg(&tarball);
    types.args(["--profile", "esm-only", "--no-emoji"]).run()?;

    let package = shell.path("pkg");
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

/// Installs the tarball in a fresh project and runs the same checks in each runtime.
pub fn runtimes(shell: &Shell) -> Result<Outcome> {
    let tarball = dist::pack(shell)?;
    node::install(shell, RUNTIMES)?;
    let project = fresh_project(shell, &tarball)?;

    let mut tried = Vec::new();
    for node in nodes(shell)? {
        let version = shell.command(&node).arg("--version").read()?;
        for script in ["import.mjs", "require.cjs"] {
            let run = shell.command(&node).arg("--no-warnings").arg(project.join(script)).dir(&project).run();
            run.with_context(|| format!("{script} in Node {}", version.trim()))?;
        }
        tried.push(format!("Node {}", version.trim().trim_start_matches('v')));
    }
    Ok(Outcome::Passed(tried.join(", ")))
}

/// An empty project that has nothing but the tarball and the checks.
fn fresh_project(shell: &Shell, tarball: &Path) -> Result<PathBuf> {
    let project = shell.scratch("consumer");
    fingerprint::remove(&project)?;
    fingerprint::write(&project.join("package.json"), br#"{ "name": "consumer", "private": true }"#)?;
    let install = node::npm(shell).args(["install", "--offline", "--no-package-lock", "--loglevel=error"]);
    install.arg(tarball).dir(&project).run()?;
    let checks = shell.path(RUNTIMES).join("node");
    for file in fingerprint::files_below(&checks)? {
        fs::copy(checks.join(&file), project.join(&file))?;
    }
    Ok(project)
}

/// The Node of this machine, and the others that registry packages bring.
fn nodes(shell: &Shell) -> Result<Vec<PathBuf>> {
    let mut nodes = vec![PathBuf::from("node")];
    let others = shell.path(RUNTIMES).join("node_modules");
    let mut names: Vec<_> = others.read_dir()?.flatten().map(|entry| entry.path().join("bin/node")).collect();
    names.retain(|path| path.is_file());
    names.sort();
    nodes.append(&mut names);
    Ok(nodes)
}
