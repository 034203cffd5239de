//! Running programs: where, with what, and what to say when they fail.

mod watch;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{self, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::watch::Watch;

/// The repository, and whether commands speak or stay quiet until they fail.
pub struct Shell {
    root: PathBuf,
    quiet: bool,
}

impl Shell {
    /// A shell whose commands write where this program writes.
    pub fn new() -> Self {
        // Cargo says at run time where the crate is; the path compiled in may be that of a moved checkout.
        let crate_dir = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&crate_dir).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        Self { root, quiet: false }
    }

    /// The same shell, whose commands keep their output and show it only in the error of their failure.
    pub fn quiet(&self) -> Self {
        Self { root: self.root.clone(), quiet: true }
    }

    /// The root of the repository, or a path below it.
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// A folder of this program's own below Cargo's target folder.
    pub fn scratch(&self, below: impl AsRef<Path>) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), |dir| self.path(dir));
        target.join("xtask").join(below)
    }

    /// Tells the user what is being done.
    pub fn say(&self, message: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{}", message.as_ref());
        }
    }

    /// Prints a result.
    pub fn print(&self, result: impl AsRef<str>) {
        if !self.quiet {
            println!("{}", result.as_ref().trim_end());
        }
    }

    /// A command that starts in the root of the repository.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let mut inner = process::Command::new(program);
        inner.current_dir(&self.root);
        Command { inner, shown: program.to_string_lossy().into_owned(), quiet: self.quiet }
    }
}

/// A program to run, with its arguments.
pub struct Command {
    inner: process::Command,
    shown: String,
    quiet: bool,
}

impl Command {
    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Runs in another folder than the root of the repository.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.inner.current_dir(dir);
        self
    }

    /// Runs to the end; anything but success is an error, which carries the output of a quiet shell.
    pub fn run(self) -> Result<()> {
        self.log().map(drop)
    }

    /// Runs to the end and returns all that it wrote, which is nothing where the shell lets it write to the terminal.
    pub fn log(self) -> Result<String> {
        let Self { mut inner, shown, quiet } = self;
        if !quiet {
            // The standard output is for results, and what a tool says on the way is none.
            inner.stdout(io::stderr());
            let status = inner.status().with_context(|| cannot_start(&inner))?;
            return succeeded(&shown, status, "").map(|()| String::new());
        }
        // One pipe for both streams keeps their lines in order.
        let (mut reader, writer) = io::pipe()?;
        inner.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let mut child = inner.spawn().with_context(|| cannot_start(&inner))?;
        // The command keeps the writing ends open until it is dropped, and the reader would wait for ever.
        drop(inner);
        let watch = Watch::over(child.id(), LONGEST);
        let mut output = Vec::new();
        reader.read_to_end(&mut output)?;
        let output = String::from_utf8_lossy(&output).into_owned();
        let status = child.wait()?;
        if watch.has_stopped_it() {
            bail!("`{shown}` was stopped because it did not end within {} minutes\n{output}", LONGEST.as_secs() / 60);
        }
        succeeded(&shown, status, &output)?;
        Ok(output)
    }

    /// Runs to the end and returns what it wrote to its standard output.
    pub fn read(self) -> Result<String> {
        let Self { mut inner, shown, quiet } = self;
        inner.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(if quiet { Stdio::piped() } else { Stdio::inherit() });
        let child = inner.spawn().with_context(|| cannot_start(&inner))?;
        let watch = Watch::over(child.id(), LONGEST);
        let output = child.wait_with_output()?;
        if watch.has_stopped_it() {
            bail!("`{shown}` was stopped because it did not end within {} minutes", LONGEST.as_secs() / 60);
        }
        succeeded(&shown, output.status, &String::from_utf8_lossy(&output.stderr))?;
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not print text"))
    }

    /// Gives the terminal to the program until it ends, and ends as it ended.
    pub fn hand_over(self) -> Result<()> {
        let Self { mut inner, .. } = self;
        #[cfg(unix)]
        {
            // This process becomes the program, so signals and the exit code are its own.
            let error = std::os::unix::process::CommandExt::exec(&mut inner);
            Err(error).with_context(|| cannot_start(&inner))
        }
        #[cfg(not(unix))]
        {
            let status = inner.status().with_context(|| cannot_start(&inner))?;
            process::exit(status.code().unwrap_or(1));
        }
    }
}

/// Shows a table: the first column to the left, the others to the right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        padded.collect::<String>().trim_end().to_owned() + "\n"
    };
    let mut text = line(header);
    for row in rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// An argument made of a fixed beginning and a path.
pub fn prefixed(prefix: &str, path: &Path) -> OsString {
    let mut arg = OsString::from(prefix);
    arg.push(path);
    arg
}

/// A number of bytes as people read it.
pub fn kilobytes(bytes: usize) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

fn succeeded(shown: &str, status: ExitStatus, output: &str) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let output = output.trim_end();
    let separator = if output.is_empty() { "" } else { "\n" };
    bail!("`{shown}` failed ({status}){separator}{output}")
}

fn cannot_start(command: &process::Command) -> String {
    let program = command.get_program().to_string_lossy();
    let remedy = match &*program {
        "node" | "npm" | "npm.cmd" => ": install Node.js 20.19 or newer",
        "rustup" => ": install Rust with rustup",
        _ => "",
    };
    format!("cannot start `{program}`{remedy}")
}

/// Longer than any quiet command takes on a slow machine. One that hangs must say in what, before CI gives the whole up.
const LONGEST: Duration = Duration::from_secs(25 * 60);
