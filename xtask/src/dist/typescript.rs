//! The hand-written TypeScript of the package becomes JavaScript and types.

use std::path::PathBuf;

use anyhow::Result;

use crate::fingerprint::{self, Fingerprint};
use crate::node;
use crate::tools::Shell;

/// Compiles if needed and returns the folder with the scripts and types.
pub fn build(shell: &Shell) -> Result<PathBuf> {
    let sources = shell.path("pkg-template");
    let inputs = Fingerprint::new(include_str!("typescript.rs"))
        .file(&node::module(shell, "typescript/package.json"))
        .file(&node::module(shell, "@types/node/package.json"))
        .tree(&sources)?
        .tree_of(&shell.path("pkg/wasm"), ".ts")?
        .tree_of(&shell.path("pkg/tokens"), ".ts")?;

    let output = shell.scratch("dist").join("scripts");
    let ran = fingerprint::unless_fresh(inputs, &output, |dir| {
        let tsc = || node::tsc(shell, &sources).arg("--outDir").arg(dir);
        tsc().run()?;
        // What editors show of comments they read in the types. In the scripts they would be a third of all bytes.
        tsc().args(["--removeComments", "--declaration", "false", "--isolatedDeclarations", "false"]).run()
    })?;
    if ran {
        shell.say("built scripts and types");
    }
    Ok(output)
}
