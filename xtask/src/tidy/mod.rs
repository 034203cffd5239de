//! `cargo xtask tidy`: rules of the repository that no compiler knows.
//!
//! [`layers`] says who may know whom, [`text`] what no file may contain, [`version`] that one version is meant
//! everywhere. Each rule is a function from text to findings, so that its tests can show it a violation.

mod layers;
mod text;
mod version;

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::tools::Shell;

/// A place where a rule is broken, and what to do about it.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 is the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// All text files of the repository by their path, with `/` between folders.
type Files = BTreeMap<String, String>;

/// Checks all rules.
pub fn run(shell: &Shell) -> Result<()> {
    let files = files(shell)?;
    let metadata = shell.command("cargo").args(["metadata", "--no-deps", "--locked", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata.read()?)?;

    let mut findings = Vec::new();
    for (path, content) in &files {
        findings.extend(layers::check_file(path, content));
        findings.extend(text::check_file(path, content));
    }
    findings.extend(layers::check_dependencies(&metadata));
    findings.extend(text::check_links(&files, |path| shell.path(path).exists()));
    findings.extend(version::check(&files));
    if findings.is_empty() {
        return Ok(());
    }
    let list: String = findings.iter().map(|finding| format!("\n  {finding}")).collect();
    bail!("{} rules are broken:{list}", findings.len())
}

/// Reads what is tracked, and what would be with the next `git add`.
fn files(shell: &Shell) -> Result<Files> {
    let list = shell.command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = list.read().context("the rules are about the files that git knows")?;
    let mut files = Files::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // What is not text, or deleted but not yet committed, has nothing to check.
        if let Ok(content) = std::fs::read_to_string(shell.path(path)) {
            files.insert(path.to_owned(), content);
        }
    }
    Ok(files)
}
