//! What is in the tarball.

use std::fs;

use anyhow::{Result, ensure};

use crate::test::Outcome;
use crate::tools::Shell;
use crate::{dist, fingerprint, node};

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
