//! Stopping a program that does not end, with all that it started.

use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Watches over a program until it is dropped or asked.
pub struct Watch {
    /// Whose end says that the program has ended.
    ended: Sender<()>,
    /// Says whether it had to be stopped.
    watcher: JoinHandle<bool>,
}

impl Watch {
    /// Lets the program of this number run no longer than `longest`.
    pub fn over(pid: u32, longest: Duration) -> Self {
        let (ended, end) = mpsc::channel();
        let watcher = thread::spawn(move || {
            let is_late = end.recv_timeout(longest) == Err(RecvTimeoutError::Timeout);
            if is_late {
                stop_tree(pid);
            }
            is_late
        });
        Self { ended, watcher }
    }

    /// Whether the program, which has ended, was stopped.
    pub fn has_stopped_it(self) -> bool {
        drop(self.ended);
        self.watcher.join().unwrap_or(false)
    }
}

/// Ends the program and what it started, which a terminal would otherwise still see as its own.
fn stop_tree(pid: u32) {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("taskkill");
        command.args(["/T", "/F", "/PID", &pid.to_string()]);
        command
    } else {
        let mut command = Command::new("kill");
        command.arg("-KILL").args(tree(&running(), pid).iter().map(u32::to_string));
        command
    };
    // Of one that has just ended there is nothing to stop.
    let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

/// Every running program with the one that started it.
fn running() -> Vec<(u32, u32)> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let pair = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    text.lines().filter_map(pair).collect()
}

/// The program and all that stem from it.
fn tree(running: &[(u32, u32)], root: u32) -> Vec<u32> {
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(&parent) = tree.get(next) {
        tree.extend(running.iter().filter(|(pid, by)| *by == parent && *pid != root).map(|(pid, _)| *pid));
        next += 1;
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_and_all_that_it_started_belong_together() {
        assert_eq!(tree(&[(1, 0), (5, 1), (7, 5), (8, 1), (9, 7)], 5), [5, 7, 9]);
        assert_eq!(tree(&[], 5), [5]);
    }

    #[cfg(unix)]
    #[test]
    fn what_does_not_end_is_stopped_with_its_children() {
        // The shell waits for its child, which is where a killed shell alone would leave it.
        let mut child = Command::new("sh").args(["-c", "sleep 60; true"]).spawn().expect("there is a shell");
        let watch = Watch::over(child.id(), Duration::from_millis(50));
        assert!(!child.wait().expect("it was started").success());
        assert!(watch.has_stopped_it());
    }

    #[cfg(unix)]
    #[test]
    fn what_ends_is_left_alone() {
        let mut child = Command::new("true").spawn().expect("there is such a program");
        let watch = Watch::over(child.id(), Duration::from_secs(60));
        assert!(child.wait().expect("it was started").success());
        assert!(!watch.has_stopped_it());
    }
}
