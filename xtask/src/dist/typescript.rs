//! The hand-written TypeScript of the package becomes JavaScript and types.

use std::path::PathBuf;

use anyhow::Result;

use crate::fingerprint::{self, Fingerprint};
use crate::node;
use crate::tools::Shell;

/// Compiles if needed and returns the folder with the scripts and types.
pub fn build(shell: &Shell) -> Result<PathBuf> {
    let sources = shell.path("pkg-template");
    let mut inputs = Fingerprint::new(include_str!("typescript.rs"))
        .file(&node::module(shell, "typescript/package.json"))
        .file(&node::module(shell, "@types/node/package.json"))
        .tree(&sources)?;
    for generated in ["pkg/wasm", "pkg/tokens"] {
        let generated = shell.path(generated);
        for types in fingerprint::files_below(&generated)? {
            if types.extension().is_some_and(|extension| extension == "ts") {
                inputs = inputs.file(&generated.join(types));
            }
        }
    }

    let output = shell.scratch("dist").join("scripts");
    let ran = fingerprint::unless_fresh(inputs, &output, |dir| {
        let tsc = || node::tool(shell, "typescript/bin/tsc").arg("--project").arg(&sources).arg("--outDir").arg(dir);
        tsc().run()?;
        // What editors show of comments they read in the types. In the scripts they would be a third of all bytes.
        tsc().args(["--removeComments", "--declaration", "false", "--isolatedDeclarations", "false"]).run()
    })?;
    if ran {
        shell.say("built scripts and types");
    }
    Ok(output)
}
