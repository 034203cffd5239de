//! The contract in Cloudflare's runtime, and what else is to be shown there.

use anyhow::Result;

use super::matrix::Matrix;
use super::project::Project;
use crate::test::{Outcome, scripts};
use crate::tools::Shell;

/// Folders of tests that run workers of their own.
const TESTS: [&str; 2] = ["tests/runtimes/workers", "tests/runtimes/durable"];

/// What workerd has nothing for: importing JSON, and at most dates compiling the simulator.
const NOT_IN_WORKERD: [&str; 2] = ["loads: version", "simulator: agrees"];

/// Runs the contract in workerd, at old and new compatibility dates, and then the tests that start workers themselves.
pub fn workerd(shell: &Shell) -> Result<Outcome> {
    let project = Project::fresh(shell)?;
    let mut matrix = Matrix::new("workerd");
    matrix.run(project.host(shell, "hosts/workerd.mjs"), &NOT_IN_WORKERD);
    let mut note = matrix.finish(shell)?;
    let tests = scripts::tests_below(shell, &TESTS)?;
    if !tests.is_empty() {
        let command = shell.command("node").env("TIDEGATE_PROJECT", project.folder());
        note = format!("{note}; {}", scripts::run_node_tests(command, &tests, scripts::LONGEST)?);
    }
    Ok(Outcome::Passed(note))
}
