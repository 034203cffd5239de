//! `cargo xtask bench`: measurements of the core in Rust and of the package beside its peers, in one table.
//! `cargo xtask bench quota` is another thing: it takes the best part of an hour, in real time, and has options and
//! tables of its own. So do `cargo xtask bench growth` and `cargo xtask bench frames`, which take some minutes.
//!
//! Two kinds of programs measure: the scripts `benches/js/*.mjs`, and the benchmarks of the crate `tidegate-benches`.
//! Both may print one JSON object a line for each figure:
//! `{ "bench": "tryAcquire", "subject": "tidegate", "value": 41.5, "unit": "ns" }`; other lines are for people. What
//! the crate measures with Criterion is read from where that leaves its estimates.
//! A bench with two subjects becomes one row of the table, with a column for each subject.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use crate::tools::{self, Command, Shell};
use crate::{chromium, dist, fingerprint, node, site};

/// Measures the core and the package beside its peers
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    alone: Option<Alone>,
    /// Benchmarks to run, by the name of their file; see --list
    names: Vec<String>,
    /// List the benchmarks
    #[arg(long)]
    list: bool,
    /// Print the figures as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Only show that the benchmarks work: a few iterations of each, and no figures
    #[arg(long, conflicts_with = "json")]
    quick: bool,
}

/// A benchmark that runs only when it is named, and then alone.
#[derive(clap::Subcommand)]
enum Alone {
    /// How much of a quota becomes answers, beside peers: `cargo xtask bench quota --help`
    #[command(disable_help_flag = true)]
    Quota {
        /// Options of the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// What ever more waiting calls cost, beside peers: `cargo xtask bench growth --help`
    #[command(disable_help_flag = true)]
    Growth {
        /// Options of the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Whether the demo page draws as often as a screen shows: `cargo xtask bench frames --help`
    #[command(disable_help_flag = true)]
    Frames {
        /// Options of the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

/// One number that was measured.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    bench: String,
    subject: String,
    value: f64,
    unit: String,
}

/// A program that measures.
struct Bench {
    name: String,
    /// The script, or none for a benchmark of the Rust crate.
    script: Option<PathBuf>,
}

/// Runs the benchmarks and shows their figures together.
pub fn run(shell: &Shell, args: &Args) -> Result<()> {
    match &args.alone {
        Some(Alone::Quota { args }) => return measure_alone(shell, QUOTA, args),
        Some(Alone::Growth { args }) => return measure_alone(shell, GROWTH, args),
        Some(Alone::Frames { args }) => return measure_alone(shell, FRAMES, args),
        None => {}
    }
    let mut benches = chosen(all(shell)?, &args.names)?;
    let is_alone = |name: &str| [QUOTA, GROWTH, FRAMES].contains(&name);
    if !args.list && !args.quick {
        if let Some(name) = args.names.iter().find(|name| is_alone(name)) {
            bail!("`{name}` runs alone: cargo xtask bench {name}");
        }
        // They take longer than all the others together.
        benches.retain(|bench| !is_alone(&bench.name));
    }
    if args.list {
        let kind = |bench: &Bench| match &bench.script {
            Some(_) if is_alone(&bench.name) => "package, when it is named, alone",
            Some(_) => "package",
            None => "core",
        };
        let rows: Vec<_> = benches.iter().map(|bench| vec![bench.name.clone(), kind(bench).into()]).collect();
        shell.print(tools::table(&["benchmark", "of the"], &rows));
        return Ok(());
    }
    prepare(shell, &mut benches)?;
    if args.quick {
        return benches.iter().try_for_each(|bench| try_out(shell, bench));
    }
    let mut figures = Vec::new();
    for bench in &benches {
        shell.say(format!("measuring {}", bench.name));
        figures.extend(match &bench.script {
            Some(script) => figures_of_script(shell, script, &[])?,
            None => figures_of_crate(shell, &bench.name)?,
        });
    }
    if args.json {
        shell.print(format!("{:#}", json!(figures.iter().map(to_json).collect::<Vec<_>>())));
    } else {
        shell.print(tables(&figures));
    }
    Ok(())
}

/// Builds and installs what these benchmarks need, and leaves out what this machine has no browser for.
fn prepare(shell: &Shell, benches: &mut Vec<Bench>) -> Result<()> {
    if chromium::find().is_none() && benches.iter().any(|bench| bench.name == FRAMES) {
        shell.say(format!("{FRAMES} is left out: {}", chromium::MISSING));
        benches.retain(|bench| bench.name != FRAMES);
    }
    for bench in benches.iter().filter(|bench| bench.script.is_some()) {
        prepare_script(shell, &bench.name)?;
    }
    Ok(())
}

/// Builds the package and whatever else the script of this name needs.
fn prepare_script(shell: &Shell, name: &str) -> Result<()> {
    node::require(shell)?;
    match name {
        FRAMES => site::build(shell)?,
        _ => dist::run(shell, &dist::Args::default())?,
    };
    if [START, FRAMES].contains(&name) { node::install(shell, node::RUNTIMES) } else { Ok(()) }
}

/// Builds what the benchmark needs and gives the terminal to it.
fn measure_alone(shell: &Shell, name: &str, args: &[OsString]) -> Result<()> {
    // The summary of its options imports what it measures.
    prepare_script(shell, name)?;
    let script = shell.path(format!("benches/js/{name}.mjs"));
    with_browser(shell.command("node")).arg("--no-warnings").arg(script).args(args).hand_over()
}

/// Shows that every benchmark works, and says how many there are.
pub fn try_all_out(shell: &Shell) -> Result<usize> {
    let mut benches = all(shell)?;
    prepare(shell, &mut benches)?;
    benches.iter().try_for_each(|bench| try_out(shell, bench))?;
    Ok(benches.len())
}

/// Runs a few iterations of a benchmark.
fn try_out(shell: &Shell, bench: &Bench) -> Result<()> {
    shell.say(format!("trying out {}", bench.name));
    match &bench.script {
        Some(script) => figures_of_script(shell, script, &["--quick"]).map(drop),
        // As a test: unoptimised, and once.
        None => {
            let command = shell.command("cargo").args(["test", "--quiet", "--package", "tidegate-benches"]);
            command.args(["--bench", &bench.name]).read().map(drop)
        }
    }
}

/// All benchmarks of the repository: a file is one.
fn all(shell: &Shell) -> Result<Vec<Bench>> {
    let mut benches = Vec::new();
    for (folder, ending) in [("benches/rust", "rs"), ("benches/js", "mjs")] {
        for file in fingerprint::files_below(&shell.path(folder))? {
            // What lies in a folder below is shared by several.
            if file.extension().is_some_and(|extension| extension == ending) && file.components().count() == 1 {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let script = (ending == "mjs").then(|| shell.path(folder).join(file));
                benches.push(Bench { name, script });
            }
        }
    }
    Ok(benches)
}

fn chosen(mut benches: Vec<Bench>, names: &[String]) -> Result<Vec<Bench>> {
    if let Some(unknown) = names.iter().find(|name| !benches.iter().any(|bench| bench.name == **name)) {
        bail!("no benchmark is called `{unknown}`: `cargo xtask bench --list` names them");
    }
    benches.retain(|bench| names.is_empty() || names.contains(&bench.name));
    ensure!(!benches.is_empty(), "there is no benchmark in benches/rust and none in benches/js");
    Ok(benches)
}

fn figures_of_script(shell: &Shell, script: &Path, args: &[&str]) -> Result<Vec<Figure>> {
    let output = with_browser(shell.command("node")).arg("--expose-gc").arg(script).args(args).read()?;
    let figures: Vec<_> = output.lines().filter_map(figure_of_line).collect();
    ensure!(!figures.is_empty(), "{} printed no figures", script.display());
    Ok(figures)
}

/// The same command, which is told of the browser of this machine, if there is one.
fn with_browser(command: Command) -> Command {
    match chromium::find() {
        Some(browser) => command.env(chromium::NAMED, browser),
        None => command,
    }
}

/// What a benchmark of the crate printed, and what Criterion estimated in this run.
fn figures_of_crate(shell: &Shell, name: &str) -> Result<Vec<Figure>> {
    let results = shell.scratch("criterion");
    fingerprint::remove(&results)?;
    let command = shell.command("cargo").args(["bench", "--quiet", "--package", "tidegate-benches", "--bench", name]);
    let output = command.args(["--", "--noplot", "--quiet"]).env("CRITERION_HOME", &results).read()?;

    let mut figures: Vec<_> = output.lines().filter_map(figure_of_line).collect();
    for file in fingerprint::files_below(&results)?.iter().filter(|file| file.ends_with("new/estimates.json")) {
        let estimates: Value = serde_json::from_str(&fs::read_to_string(results.join(file))?)?;
        let about = results.join(file).with_file_name("benchmark.json");
        let about: Value = serde_json::from_str(&fs::read_to_string(about)?)?;
        let Some(median) = estimates["median"]["point_estimate"].as_f64() else { continue };
        figures.push(estimated(&about, median));
    }
    ensure!(!figures.is_empty(), "the benchmark {name} of the core gave no figures");
    Ok(figures)
}

/// The figure of a line of output, if it is one.
fn figure_of_line(line: &str) -> Option<Figure> {
    serde_json::from_str(line).ok().as_ref().and_then(from_json)
}

/// What Criterion's estimate of an iteration, in nanoseconds, says of what is done in one.
fn estimated(about: &Value, nanoseconds: f64) -> Figure {
    let (bench, subject) = named(about);
    let done = |what: &str| about["throughput"][what].as_f64();
    let (value, unit) = match (done("Elements"), done("Bytes")) {
        (Some(elements), _) => (nanoseconds / elements, "ns"),
        (None, Some(bytes)) => (bytes / nanoseconds * 1e3, "MB/s"),
        (None, None) => (nanoseconds, "ns"),
    };
    Figure { bench, subject, value, unit: unit.into() }
}

/// Row and column of a Criterion benchmark: its group, and its function, which is `tidegate` where it is alone.
fn named(about: &Value) -> (String, String) {
    let text = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
    match (about["function_id"].as_str(), about["value_str"].as_str()) {
        (Some(function), Some(value)) => (format!("{}/{value}", text("group_id")), function.to_owned()),
        (Some(function), None) => (text("group_id"), function.to_owned()),
        (None, _) => (text("full_id"), "tidegate".to_owned()),
    }
}

fn from_json(line: &Value) -> Option<Figure> {
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    Some(Figure {
        bench: text("bench")?,
        subject: text("subject")?,
        value: line["value"].as_f64()?,
        unit: text("unit")?,
    })
}

fn to_json(figure: &Figure) -> Value {
    let Figure { bench, subject, value, unit } = figure;
    json!({ "bench": bench, "subject": subject, "value": value, "unit": unit })
}

/// One table for each set of subjects, with a row for each bench.
fn tables(figures: &[Figure]) -> String {
    let mut rows: Vec<(String, BTreeMap<&str, f64>)> = Vec::new();
    for figure in figures {
        let name = format!("{} ({})", figure.bench, figure.unit);
        if rows.iter().all(|(row, _)| *row != name) {
            rows.push((name.clone(), BTreeMap::new()));
        }
        for (_, values) in rows.iter_mut().filter(|(row, _)| *row == name) {
            values.insert(&figure.subject, figure.value);
        }
    }
    let mut sets: Vec<BTreeSet<&str>> = Vec::new();
    for (_, values) in &rows {
        let set = values.keys().copied().collect();
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    let table = |set: &BTreeSet<&str>| {
        let rows = rows.iter().filter(|(_, values)| values.keys().eq(set));
        let cells = |(name, values): &(String, BTreeMap<&str, f64>)| {
            [name.clone()].into_iter().chain(columns(set).map(|subject| cell(values, subject))).collect()
        };
        let header: Vec<_> = ["benchmark"].into_iter().chain(columns(set)).collect();
        tools::table(&header, &rows.map(cells).collect::<Vec<_>>())
    };
    sets.iter().map(table).collect::<Vec<_>>().join("\n")
}

/// The subjects in the order of their columns: first the one that all this is about.
fn columns<'a>(set: &'a BTreeSet<&str>) -> impl Iterator<Item = &'a str> {
    let (own, peers): (Vec<&str>, Vec<&str>) = set.iter().partition(|subject| is_own(subject));
    own.into_iter().chain(peers)
}

/// Ours is `tidegate`, also with something added: `tidegate, 3 limits`.
fn is_own(subject: &str) -> bool {
    subject.starts_with(OWN)
}

/// A figure; a peer's with how many times ours it is.
fn cell(values: &BTreeMap<&str, f64>, subject: &str) -> String {
    let value = values[subject];
    match values.get(OWN) {
        Some(own) if !is_own(subject) && *own > 0.0 => format!("{} (×{})", rounded(value), rounded(value / own)),
        _ => rounded(value),
    }
}

/// Three digits say enough: machines are noisy.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The subject that all this is about.
const OWN: &str = "tidegate";
/// The benchmark in real time.
const QUOTA: &str = "quota";
/// The benchmark that starts other runtimes.
const START: &str = "start";
/// The benchmark of up to a million waiters.
const GROWTH: &str = "growth";
/// The benchmark that plays the demo page.
const FRAMES: &str = "frames";

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(bench: &str, subject: &str, value: f64) -> Figure {
        Figure { bench: bench.into(), subject: subject.into(), value, unit: "ns".into() }
    }

    #[test]
    fn figures_are_read_and_written_alike() {
        let one = figure("a", "b", 1.5);
        assert_eq!(from_json(&to_json(&one)), Some(one));
        assert_eq!(from_json(&json!({ "bench": "a" })), None);
        assert_eq!(from_json(&json!(3)), None);
    }

    #[test]
    fn subjects_of_one_bench_share_a_row_and_ours_comes_first() {
        let figures = [figure("a", "limiter", 300.0), figure("a", "tidegate", 41.51), figure("b", "tidegate", 2.0)];
        let text = tables(&figures);
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected =
            ["benchmark tidegate limiter", "a (ns) 41.5 300 (×7.23)", "", "benchmark tidegate", "b (ns) 2.00"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn criterion_names_become_rows_and_columns() {
        let about = json!({ "group_id": "decide", "function_id": "tidegate", "value_str": "3 limits", "full_id": "x" });
        assert_eq!(named(&about), ("decide/3 limits".into(), "tidegate".into()));
        let about = json!({ "group_id": "decide", "function_id": "tidegate", "value_str": null, "full_id": "x" });
        assert_eq!(named(&about), ("decide".into(), "tidegate".into()));
    }

    #[test]
    fn estimates_are_for_each_element_or_a_speed() {
        let about = |throughput: Value| json!({ "full_id": "a", "throughput": throughput });
        assert_eq!(estimated(&about(json!({ "Elements": 100 })), 1_500.0).value, 15.0);
        assert_eq!(estimated(&about(json!({ "Bytes": 500 })), 1_000.0).unit, "MB/s");
        assert_eq!(estimated(&about(json!({ "Bytes": 500 })), 1_000.0).value, 500.0);
        assert_eq!(estimated(&about(Value::Null), 7.0).value, 7.0);
    }
}
