//! The contract in a browser, without any bundler.

use anyhow::Result;

use super::matrix::Matrix;
use super::project::Project;
use crate::chromium;
use crate::test::Outcome;
use crate::tools::Shell;

/// Runs the contract in Chromium: in a page, in one with a strict policy, in a worker.
pub fn browsers(shell: &Shell) -> Result<Outcome> {
    let Some(browser) = chromium::find_or_install(shell)? else {
        return Ok(Outcome::Skipped(chromium::MISSING.into()));
    };
    let project = Project::fresh(shell)?;
    let mut matrix = Matrix::new("browsers");
    matrix.run(project.host(shell, "hosts/chromium.mjs").arg(browser), &[]);
    matrix.finish(shell).map(Outcome::Passed)
}
