//! The exact tables of tokens as a script that carries their bytes.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::module::{INLINE_TYPES, inline_script};
use crate::fingerprint::{self, Fingerprint};
use crate::tools::Shell;

/// Where the core keeps them.
const TABLES: &str = "src/tokens/exact.bin";

/// Writes the script if needed and returns its folder.
pub fn build(shell: &Shell) -> Result<PathBuf> {
    let tables = shell.path(TABLES);
    let inputs = Fingerprint::new(include_str!("tables.rs")).text(include_str!("module.rs")).file(&tables);
    let output = shell.scratch("dist").join("tables");
    fingerprint::unless_fresh(inputs, &output, |dir| {
        let script = inline_script("The exact tables", &fs::read(&tables)?);
        fingerprint::write(&dir.join("tables.js"), script.as_bytes())?;
        fingerprint::write(&dir.join("tables.d.ts"), INLINE_TYPES.as_bytes())
    })?;
    Ok(output)
}
