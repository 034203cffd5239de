//! What the package carries beside its code.

use anyhow::{Context, Result};

use crate::assemble::Files;
use crate::tools::Shell;

/// Places in the package, and where each document is in the repository.
const DOCUMENTS: [(&str, &str); 5] = [
    ("package.json", "pkg-template/package.json"),
    ("README.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];

/// Adds manifest, README, licences and change log.
pub fn add(files: &mut Files, shell: &Shell) -> Result<()> {
    let add = |(place, source)| files.add(place, shell.path(source)).context("the package carries it");
    DOCUMENTS.into_iter().try_for_each(add)
}
