//! `cargo xtask test`: every kind of test, each a named step.
//!
//! A step that passes says one line; one that fails shows what its commands wrote. What a machine cannot run is
//! reported as skipped, and on CI that is a failure: there everything has to run.

mod consumers;
mod crates;
mod jsr;
mod page;
mod scripts;
mod types;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::tools::{self, Shell};

/// Runs the tests: all, or the steps that are named
#[derive(clap::Args)]
pub struct Args {
    /// Steps to run; see --list
    steps: Vec<String>,
    /// List the steps and what each one shows
    #[arg(long)]
    list: bool,
    /// Let the commands of the steps write to the terminal
    #[arg(long, short)]
    verbose: bool,
}

/// One kind of test.
struct Step {
    name: &'static str,
    /// What it shows when it passes.
    shows: &'static str,
    run: fn(&Shell) -> Result<Outcome>,
}

/// How a step ended that did not fail.
enum Outcome {
    /// With something to say, such as a number of tests, or an empty text.
    Passed(String),
    /// Not run, and why not.
    Skipped(String),
}

/// All steps: first those that tell soonest what is wrong.
const STEPS: [Step; 25] = [
    Step { name: "format", shows: "the Rust code is formatted", run: crates::format },
    Step { name: "tidy", shows: "the rules of the repository hold", run: tidy },
    Step { name: "clippy", shows: "no lint speaks up, on the host", run: crates::clippy },
    Step { name: "clippy-wasm", shows: "no lint speaks up, on wasm", run: crates::clippy_wasm },
    Step { name: "core", shows: "the core builds for a target without an operating system", run: crates::core },
    Step { name: "rust", shows: "tests and documented examples of all crates", run: crates::test },
    Step { name: "rustdoc", shows: "the documentation has no dead links", run: crates::docs },
    Step { name: "wasm", shows: "the bindings' own tests, as wasm in Node", run: crates::test_wasm },
    Step { name: "dist", shows: "the npm package can be built", run: scripts::dist },
    Step { name: "glue", shows: "the package behaves (tests/glue)", run: scripts::glue },
    Step {
        name: "vectors",
        shows: "the package reads every vector as the core does (tests/vectors)",
        run: scripts::vectors,
    },
    Step { name: "sdks", shows: "the real SDKs run through it (tests/sdks)", run: scripts::sdks },
    Step {
        name: "simulator",
        shows: "the simulator serves fetch and sockets (tests/simulator)",
        run: scripts::simulator,
    },
    Step { name: "demo", shows: "the demo keeps its promise (tests/demo)", run: scripts::demo },
    Step { name: "www", shows: "the demo page keeps its promise (tests/www)", run: page::www },
    Step { name: "examples", shows: "the examples parse and the demo explains itself", run: scripts::examples },
    Step { name: "types", shows: "its types fit every module resolution (tests/types)", run: types::types },
    Step { name: "package", shows: "the tarball is complete and clean", run: consumers::package },
    Step { name: "jsr", shows: "JSR would take it as it is", run: jsr::dry_run },
    Step { name: "runtimes", shows: "the tarball keeps its contract in Node, Deno, Bun", run: consumers::runtimes },
    Step { name: "browsers", shows: "the tarball keeps its contract in Chromium", run: consumers::browsers },
    Step { name: "workerd", shows: "the tarball keeps its contract in Workers", run: consumers::workerd },
    Step { name: "bundlers", shows: "what bundlers make of it keeps the contract", run: consumers::bundlers },
    Step { name: "benches", shows: "the benchmarks still run, and calculate well (tests/benches)", run: benches },
    Step { name: "size", shows: "the package keeps to its budget", run: size },
];

/// Runs the steps.
pub fn run(shell: &Shell, args: &Args) -> Result<()> {
    if args.list {
        let rows: Vec<_> = STEPS.iter().map(|step| format!("{:<12} {}\n", step.name, step.shows)).collect();
        print!("{}", rows.concat());
        return Ok(());
    }
    let steps = chosen(&args.steps)?;
    let shell = if args.verbose { shell } else { &shell.quiet() };
    let strict = on_ci();

    let started = Instant::now();
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for step in steps {
        eprint!("{:<12} ", step.name);
        if args.verbose {
            eprintln!();
        }
        let step_started = Instant::now();
        let (result, note) = match (step.run)(shell) {
            Ok(Outcome::Passed(note)) => ("ok", note),
            Ok(Outcome::Skipped(reason)) if strict => ("FAILED", format!("skipped, which CI does not allow: {reason}")),
            Ok(Outcome::Skipped(reason)) => ("skipped", reason),
            Err(error) => {
                eprintln!("FAILED\n{error:#}\n");
                ("FAILED", String::new())
            }
        };
        let time = seconds(step_started.elapsed());
        if result != "FAILED" || !note.is_empty() {
            eprintln!("{result:<8} {time:>8}  {note}");
        }
        if result == "FAILED" {
            failed.push(step.name);
        }
        rows.push(vec![step.name.to_owned(), result.to_owned(), time]);
    }

    rows.push(vec!["all".into(), if failed.is_empty() { "ok" } else { "FAILED" }.into(), seconds(started.elapsed())]);
    println!("\n{}", tools::table(&["step", "result", "time"], &rows));
    if !failed.is_empty() {
        bail!("failed: {}\nto see one again: cargo xtask test --verbose {}", failed.join(", "), failed[0]);
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find = |name: &String| match STEPS.iter().find(|step| step.name == name) {
        Some(step) => Ok(step),
        None => bail!("no step is called `{name}`: `cargo xtask test --list` names them"),
    };
    names.iter().map(find).collect()
}

fn tidy(shell: &Shell) -> Result<Outcome> {
    crate::tidy::run(shell).map(|()| Outcome::Passed(String::new()))
}

fn size(shell: &Shell) -> Result<Outcome> {
    crate::size::run(shell, &crate::size::Args::default()).map(|()| Outcome::Passed(String::new()))
}

fn benches(shell: &Shell) -> Result<Outcome> {
    scripts::benches(shell)?;
    crate::bench::try_all_out(shell).map(|count| Outcome::Passed(format!("{count} benchmarks")))
}

/// Whether this is a machine on which everything has to run.
fn on_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(&*value, "" | "0" | "false"))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_name_and_unknown_names_are_refused() {
        assert_eq!(chosen(&[]).map(|steps| steps.len()).ok(), Some(STEPS.len()));
        assert_eq!(chosen(&["tidy".into()]).map(|steps| steps[0].name).ok(), Some("tidy"));
        let error = chosen(&["tidi".into()]).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("`tidi`") && error.contains("--list"), "{error}");
    }
}
