//! The step that tests the demo page in a browser.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Outcome;
use super::scripts::{run_node_tests, tests_below};
use crate::tools::Shell;
use crate::{chromium, node, site};

/// The tests, below the root of the repository.
const TESTS: &str = "tests/www";

/// Longest time for the tests of a file, in which scenes are played to their end.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Builds the page and runs its tests.
pub fn www(shell: &Shell) -> Result<Outcome> {
    let Some(browser) = chromium::find_or_install(shell)? else {
        return Ok(Outcome::Skipped(chromium::MISSING.into()));
    };
    let tests = tests_below(shell, &[TESTS])?;
    ensure!(!tests.is_empty(), "there is no *.test.mjs in {TESTS}");
    site::build(shell)?;
    node::install(shell, node::RUNTIMES)?;
    // A page has a thread, its worker another, and the browser more: with two at once they would wait for each other.
    let node = shell.command("node").arg("--test-concurrency=1").env(chromium::NAMED, browser);
    run_node_tests(node, &tests, LONGEST).map(Outcome::Passed)
}
