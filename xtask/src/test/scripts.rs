//! Steps that test the built package where it stands, in `pkg/`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::Outcome;
use crate::tools::{Command, Shell};
use crate::{dist, fingerprint};

/// Longest time for the tests of a file. A test that hangs shall fail, not block.
pub const LONGEST: Duration = Duration::from_secs(60);

pub fn dist(shell: &Shell) -> Result<Outcome> {
    dist::run(shell, &dist::Args::default()).map(|_| Outcome::Passed(String::new()))
}

pub fn glue(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/glue")
}

pub fn vectors(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/vectors")
}

pub fn sdks(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/sdks")
}

pub fn simulator(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/simulator")
}

pub fn demo(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/demo")
}

pub fn benches(shell: &Shell) -> Result<Outcome> {
    run_tests(shell, "tests/benches")
}

pub fn examples(shell: &Shell) -> Result<Outcome> {
    let scripts = scripts_below(shell, "examples", ".mjs")?;
    if scripts.is_empty() {
        return Ok(Outcome::Skipped("there is no script in examples".into()));
    }
    for script in &scripts {
        shell.command("node").arg("--check").arg(script).run()?;
    }
    let help = shell.command("node").args([crate::demo::SCRIPT, "--help"]).read().context("the demo's help")?;
    for option in ["--seed", crate::demo::WEB] {
        anyhow::ensure!(help.contains(option), "the demo's help names no {option}:\n{help}");
    }
    Ok(Outcome::Passed(format!("{} scripts", scripts.len())))
}

/// Runs all `*.test.mjs` of a folder.
fn run_tests(shell: &Shell, folder: &str) -> Result<Outcome> {
    let tests = tests_below(shell, &[folder])?;
    if tests.is_empty() {
        return Ok(Outcome::Skipped(format!("there is no *.test.mjs in {folder}")));
    }
    dist::run(shell, &dist::Args::default())?;
    run_node_tests(shell.command("node"), &tests, LONGEST).map(Outcome::Passed)
}

/// Lets this Node run these tests, those of a file within so long, and returns how many passed, in words.
pub fn run_node_tests(node: Command, tests: &[PathBuf], longest: Duration) -> Result<String> {
    let timeout = format!("--test-timeout={}", longest.as_millis());
    let command = node.args(["--test", &timeout, "--test-reporter=spec"]);
    let log = command.args(tests).log().map_err(|error| anyhow!(failures(&error.to_string()).to_owned()))?;
    let passed = log.lines().filter_map(|line| line.strip_prefix("ℹ pass ")).next_back();
    Ok(passed.map(|count| format!("{count} tests")).unwrap_or_default())
}

/// All `*.test.mjs` of these folders.
pub fn tests_below(shell: &Shell, folders: &[&str]) -> Result<Vec<PathBuf>> {
    let found = folders.iter().map(|folder| scripts_below(shell, folder, ".test.mjs")).collect::<Result<Vec<_>>>()?;
    Ok(found.concat())
}

/// What a log repeats at its end of the tests that failed; all of it where it does not.
fn failures(log: &str) -> &str {
    log.find("✖ failing tests:").map_or(log, |at| &log[at..])
}

/// All files below a folder whose names end so.
pub fn scripts_below(shell: &Shell, folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let dir = shell.path(folder);
    let found = fingerprint::files_below(&dir)?.into_iter().map(|file| dir.join(file));
    Ok(found.filter(|file| file.to_string_lossy().ends_with(ending)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failed_run_only_the_failures_are_shown() {
        assert_eq!(failures("✔ a\n✖ b\nwhy\n\n✖ failing tests:\n✖ b\nwhy"), "✖ failing tests:\n✖ b\nwhy");
        assert_eq!(failures("cannot start"), "cannot start");
    }
}
