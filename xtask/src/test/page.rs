//! The step that tests the demo page in a browser.

use anyhow::{Result, ensure};

use super::Outcome;
use super::scripts::{run_node_tests, tests_below};
use crate::tools::Shell;
use crate::{chromium, node, site};

/// The tests, below the root of the repository.
const TESTS: &str = "tests/www";

/// Builds the page and runs its tests.
pub fn www(shell: &Shell) -> Result<Outcome> {
    let Some(browser) = chromium::find_or_install(shell)? else {
        return Ok(Outcome::Skipped(chromium::MISSING.into()));
    };
    let tests = tests_below(shell, &[TESTS])?;
    ensure!(!tests.is_empty(), "there is no *.test.mjs in {TESTS}");
    site::build(shell)?;
    node::install(shell, node::RUNTIMES)?;
    run_node_tests(shell.command("node").env(chromium::NAMED, browser), &tests).map(Outcome::Passed)
}
