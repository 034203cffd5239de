//! What is said to those who wait.

use tidegate::time::Duration;

use super::{Call, Happening, Running, World};

impl World {
    /// Asks for how long a call that has not been sent yet will wait, and again after a second.
    pub(super) fn ask(&mut self, call: Call) {
        let Running { job, number, attempt, .. } = self.running[&(call.process, call.ticket)];
        let now = self.time(call.process);
        let outlook = self.limiter(call.process).outlook(now, call.ticket);
        if let Some(outlook) = outlook.filter(|_| number == attempt) {
            self.outcome.said[job].push((now, outlook.expected));
            self.plan(self.now + Duration::SECOND, Happening::Ask(call));
        }
    }
}
