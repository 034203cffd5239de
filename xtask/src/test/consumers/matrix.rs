//! How the contract went, in a table: a row for each place it was run in, a column for each family of checks.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::fingerprint;
use crate::tools::{Command, Shell};

/// All that one step ran.
pub struct Matrix {
    step: &'static str,
    legs: Vec<Leg>,
    /// What did not even come to an end, and why.
    broken: Vec<String>,
}

/// The contract in one place.
#[derive(Debug, PartialEq)]
struct Leg {
    name: String,
    checks: Vec<Check>,
    /// What else is to be said of it.
    notes: Vec<String>,
}

/// One check of the contract: `family: name`.
#[derive(Debug, PartialEq)]
struct Check {
    name: String,
    result: CheckResult,
}

#[derive(Debug, PartialEq)]
enum CheckResult {
    Ok,
    Failed(String),
    /// What the check needs is not there by nature, and why not.
    Absent(String),
}

impl Matrix {
    /// A matrix without rows.
    pub fn new(step: &'static str) -> Self {
        Self { step, legs: Vec::new(), broken: Vec::new() }
    }

    /// Runs a program that says how the contract went, once or more often. What `may_lack` does not name has to be there.
    pub fn run(&mut self, program: Command, may_lack: &[&str]) {
        let legs = program.read().and_then(|output| legs_of(&output, may_lack));
        match legs {
            Ok(legs) => self.legs.extend(legs),
            Err(error) => self.broken.push(format!("{error:#}")),
        }
    }

    /// The same once `before` has gone well.
    pub fn run_after(&mut self, before: Command, program: Command, may_lack: &[&str]) {
        match before.run() {
            Ok(()) => self.run(program, may_lack),
            Err(error) => self.broken.push(format!("{error:#}")),
        }
    }

    /// Shows the table and leaves it below Cargo's target folder; fails if anything failed. Returns how much there was.
    pub fn finish(self, shell: &Shell) -> Result<String> {
        let table = self.markdown();
        shell.print(&table);
        let file = shell.scratch("contract").join(format!("{}.md", self.step));
        fingerprint::write(&file, table.as_bytes())?;
        let failures = self.failures();
        if !failures.is_empty() {
            bail!("{}", failures.join("\n"));
        }
        let checks: usize = self.legs.iter().map(|leg| leg.count(|result| *result == CheckResult::Ok)).sum();
        let shown = file.strip_prefix(shell.path("")).unwrap_or(&file);
        Ok(format!("{checks} checks in {} places: {}", self.legs.len(), shown.display()))
    }

    fn markdown(&self) -> String {
        let mut families: Vec<&str> = Vec::new();
        for check in self.legs.iter().flat_map(|leg| &leg.checks) {
            if !families.contains(&check.family()) {
                families.push(check.family());
            }
        }
        let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = row(["where"].iter().chain(&families).map(ToString::to_string).collect());
        text += &row(vec!["---".to_owned(); families.len() + 1]);
        for leg in &self.legs {
            text +=
                &row([leg.name.clone()].into_iter().chain(families.iter().map(|family| leg.cell(family))).collect());
        }
        for note in self.legs.iter().flat_map(|leg| leg.notes.iter().map(move |note| format!("{}: {note}", leg.name))) {
            text += &format!("\n{note}\n");
        }
        for (why, checks) in self.absent() {
            text += &format!("\n–: {} ({why})\n", checks.into_iter().collect::<Vec<_>>().join(", "));
        }
        text
    }

    /// What was not there, by the reason.
    fn absent(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut absent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for check in self.legs.iter().flat_map(|leg| &leg.checks) {
            if let CheckResult::Absent(why) = &check.result {
                absent.entry(why).or_default().insert(&check.name);
            }
        }
        absent
    }

    fn failures(&self) -> Vec<String> {
        let mut failures = self.broken.clone();
        for leg in &self.legs {
            for check in &leg.checks {
                if let CheckResult::Failed(why) = &check.result {
                    failures.push(format!("{}, {}: {why}", leg.name, check.name));
                }
            }
        }
        let names = |leg: &Leg| leg.checks.iter().map(|check| check.name.clone()).collect::<Vec<_>>();
        for pair in self.legs.windows(2).filter(|pair| names(&pair[0]) != names(&pair[1])) {
            failures.push(format!("{} and {} were not checked alike", pair[0].name, pair[1].name));
        }
        failures
    }
}

impl Leg {
    fn count(&self, is: impl Fn(&CheckResult) -> bool) -> usize {
        self.checks.iter().filter(|check| is(&check.result)).count()
    }

    /// What is to be said of one family here.
    fn cell(&self, family: &str) -> String {
        let checks = || self.checks.iter().filter(|check| check.family() == family);
        let ok = checks().filter(|check| check.result == CheckResult::Ok).count();
        match checks().count() {
            _ if checks().any(|check| matches!(check.result, CheckResult::Failed(_))) => "FAILED".into(),
            _ if ok == 0 => "–".into(),
            all if all == ok => "ok".into(),
            all => format!("{ok} of {all}"),
        }
    }
}

impl Check {
    fn family(&self) -> &str {
        self.name.split(':').next().unwrap_or(&self.name)
    }
}

/// The legs in what a program wrote; other lines are for people.
fn legs_of(output: &str, may_lack: &[&str]) -> Result<Vec<Leg>> {
    let values = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let legs: Vec<_> = values
        .filter(|value| value["checks"].is_array())
        .map(|value| leg_of(&value, may_lack))
        .collect::<Result<_>>()?;
    ensure!(!legs.is_empty(), "it did not say how the contract went:\n{output}");
    Ok(legs)
}

fn leg_of(value: &Value, may_lack: &[&str]) -> Result<Leg> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let check = |value: &Value| {
        let name = text(&value["name"])?;
        let why = || value["why"].as_str().unwrap_or("it did not say why").to_owned();
        let result = match value["result"].as_str()? {
            "ok" => CheckResult::Ok,
            "absent" if may_lack.contains(&&*name) => CheckResult::Absent(why()),
            _ => CheckResult::Failed(why()),
        };
        Some(Check { name, result })
    };
    let name = text(&value["leg"]).with_context(|| format!("a report has no name: {value}"))?;
    let checks: Option<Vec<_>> = value["checks"].as_array().into_iter().flatten().map(check).collect();
    let checks = checks.filter(|checks| !checks.is_empty()).with_context(|| format!("{name} reported no checks"))?;
    let notes = value["notes"].as_array().into_iter().flatten().filter_map(text).collect();
    Ok(Leg { name, checks, notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = r#"listening
        {"leg":"Node 24","checks":[{"name":"limits: bucket","result":"ok"},{"name":"limits: windows","result":"ok"},{"name":"aborts: queued","result":"ok"}]}
        {"leg":"Deno","checks":[{"name":"limits: bucket","result":"ok"},{"name":"limits: windows","result":"absent","why":"no time"},{"name":"aborts: queued","result":"failed","why":"it hung"}]}"#;

    fn matrix(output: &str, may_lack: &[&str]) -> Matrix {
        Matrix { step: "runtimes", legs: legs_of(output, may_lack).unwrap(), broken: Vec::new() }
    }

    #[test]
    fn a_row_is_a_place_and_a_column_a_family() {
        let table = matrix(OUTPUT, &["limits: windows"]).markdown();
        let lines: Vec<_> = table.lines().collect();
        let expected = [
            "| where | limits | aborts |",
            "| --- | --- | --- |",
            "| Node 24 | ok | ok |",
            "| Deno | 1 of 2 | FAILED |",
            "",
            "–: limits: windows (no time)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_failed_is_named_with_its_place_and_so_is_what_may_not_be_lacking() {
        assert_eq!(matrix(OUTPUT, &["limits: windows"]).failures(), ["Deno, aborts: queued: it hung"]);
        let failures = matrix(OUTPUT, &[]).failures();
        assert_eq!(failures, ["Deno, limits: windows: no time", "Deno, aborts: queued: it hung"]);
    }

    #[test]
    fn places_that_were_not_checked_alike_are_a_failure() {
        let output = r#"{"leg":"a","checks":[{"name":"x","result":"ok"}]}
            {"leg":"b","checks":[{"name":"y","result":"ok"}]}"#;
        assert_eq!(matrix(output, &[]).failures(), ["a and b were not checked alike"]);
    }

    #[test]
    fn a_program_that_says_nothing_is_no_success() {
        assert!(legs_of("all is well", &[]).is_err());
        assert!(legs_of(r#"{"leg":"a","checks":[]}"#, &[]).is_err());
        assert!(legs_of(r#"{"checks":[{"name":"x","result":"ok"}]}"#, &[]).is_err());
    }
}
