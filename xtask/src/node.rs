//! The Node side: the runtime, and the packages that a folder's lock file names.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fingerprint::{self, Fingerprint};
use crate::tools::{Command, Shell};

/// Oldest Node that the tools need, which is also the oldest that can `require` the package.
const OLDEST: (u32, u32) = (20, 19);

/// Where the packages are that bring other runtimes, and bundlers; only tests and a benchmark need them.
pub const RUNTIMES: &str = "tests/runtimes";

/// Makes sure that Node is there and new enough.
pub fn require(shell: &Shell) -> Result<()> {
    let version = shell.command("node").arg("--version").read()?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        let (major, minor) = OLDEST;
        bail!("Node.js {} is too old: install {major}.{minor} or newer", version.trim());
    }
    Ok(())
}

/// Installs the packages of the lock file in `folder` (below the root) unless they are there.
pub fn install(shell: &Shell, folder: &str) -> Result<()> {
    let dir = shell.path(folder);
    let inputs = Fingerprint::new("npm ci")
        .file(&dir.join("package.json"))
        .file(&dir.join("package-lock.json"))
        .text(std::env::consts::OS)
        .text(std::env::consts::ARCH)
        .finish();
    // npm removes the whole folder first, so the stamp is there only after an installation that went through.
    let stamp = dir.join("node_modules/.tidegate-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|was| was == inputs) {
        return Ok(());
    }
    shell.say(format!("installing npm packages{}{folder}", if folder.is_empty() { "" } else { " of " }));
    // Some packages state a newer Node than the one they run on; the tests tell what really runs.
    npm(shell).args(["ci", "--loglevel=error"]).dir(&dir).run()?;
    fingerprint::write(&stamp, inputs.as_bytes())
}

/// Lets every script in the repository import the built package by its name.
pub fn link_package(shell: &Shell) -> Result<()> {
    let link = shell.path("node_modules/tidegate");
    let target = Path::new("..").join("pkg");
    if fs::read_link(&link).is_ok_and(|found| found == target) {
        return Ok(());
    }
    fingerprint::remove(&link)?;
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(&target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_dir(&target, &link);
    made.with_context(|| format!("cannot link {} to the built package", link.display()))
}

/// The npm command line tool.
pub fn npm(shell: &Shell) -> Command {
    shell.command(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A JavaScript program that an installed package brings: `script` is its path below `node_modules`.
pub fn tool(shell: &Shell, script: &str) -> Command {
    shell.command("node").arg(module(shell, script))
}

/// The TypeScript compiler, for the project in this folder.
pub fn tsc(shell: &Shell, project: &Path) -> Command {
    tool(shell, "typescript/bin/tsc").arg("--project").arg(project)
}

/// A path below `node_modules`.
pub fn module(shell: &Shell, below: &str) -> PathBuf {
    shell.path("node_modules").join(below)
}
