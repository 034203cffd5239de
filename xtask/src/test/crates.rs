//! Steps that test the Rust side.

use anyhow::Result;

use super::Outcome;
use crate::rust::{self, WASM};
use crate::tools::Shell;

pub fn format(shell: &Shell) -> Result<Outcome> {
    rust::require_component(shell, "rustfmt", "fmt")?;
    shell.command("cargo").args(["fmt", "--all", "--check"]).run().map(passed)
}

pub fn clippy(shell: &Shell) -> Result<Outcome> {
    rust::require_component(shell, "clippy", "clippy")?;
    shell.command("cargo").args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run().map(passed)
}

pub fn clippy_wasm(shell: &Shell) -> Result<Outcome> {
    rust::require_component(shell, "clippy", "clippy")?;
    rust::require_wasm_target(shell)?;
    for targets in
        [&["--package", "tidegate-simulator", "--lib"][..], &["--package", "tidegate-bindings", "--all-targets"]]
    {
        shell.command("cargo").args(["clippy", "--target", WASM]).args(targets).args(["--", "-D", "warnings"]).run()?;
    }
    Ok(passed(()))
}

pub fn core(shell: &Shell) -> Result<Outcome> {
    rust::require_wasm_target(shell)?;
    shell.command("cargo").args(["build", "--package", "tidegate", "--lib", "--target", WASM]).run().map(passed)
}

pub fn test(shell: &Shell) -> Result<Outcome> {
    shell.command("cargo").args(["test", "--workspace", "--no-fail-fast"]).log().map(|log| counted(&log))
}

pub fn docs(shell: &Shell) -> Result<Outcome> {
    let document = |packages: &[&str], flags| {
        shell.command("cargo").args(["doc", "--no-deps"]).args(packages).env("RUSTDOCFLAGS", flags).run()
    };
    document(&["--package", "tidegate"], "-D warnings")?;
    // Nobody reads of the other crates but those who work on them.
    let inner = ["--workspace", "--exclude", "tidegate", "--document-private-items"];
    document(&inner, "-D warnings -A rustdoc::private-intra-doc-links").map(passed)
}

pub fn test_wasm(shell: &Shell) -> Result<Outcome> {
    rust::require_wasm_target(shell)?;
    crate::node::require(shell)?;
    let command = shell.command("cargo").args(["test", "--package", "tidegate-bindings", "--target", WASM]);
    command.arg("--config").arg(rust::test_runner_config()?).log().map(|log| counted(&log))
}

fn passed((): ()) -> Outcome {
    Outcome::Passed(String::new())
}

/// Adds up the `12 passed` of all test programs. That there is nothing to run is not a success.
fn counted(log: &str) -> Outcome {
    let count = |line: &str| line.split_once("test result: ok. ")?.1.split_once(" passed")?.0.parse::<usize>().ok();
    match log.lines().filter_map(count).sum::<usize>() {
        // The output went to the terminal.
        _ if log.is_empty() => Outcome::Passed(String::new()),
        0 => Outcome::Skipped("there are no tests".into()),
        tests => Outcome::Passed(format!("{tests} tests")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_of_all_programs_are_added_up() {
        let log = "test result: ok. 12 passed; 0 failed; 1 ignored\nrunning\ntest result: ok. 3 passed; 0 failed\n";
        assert!(matches!(counted(log), Outcome::Passed(note) if note == "15 tests"));
        assert!(matches!(counted("no tests to run!\n"), Outcome::Skipped(_)));
    }
}
